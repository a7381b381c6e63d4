"""Tokens are hostile: markup in a token is text, in every place where a token is printed."""

from __future__ import annotations

from copy import deepcopy

import pytest
from playwright.sync_api import Page, expect

import cutaway
from cutaway.core.tokens import display_text
from cutaway.lens.logit_lens import logit_lens
from cutaway.render.page import page as page_of
from cutaway.view.lens import lens_spec as lens_picture
from cutaway.view.spec import Spec
from tests.browser.conftest import OpenPage, fits, holds
from tests.browser.pages import WORDS, candidates_spec, lens_spec
from tests.models import tiny_model, tiny_tokenizer

ATTACK = "</script><img src=x onerror=window.harm=1><script>window.harm=1</script>"
#: As one token, cut over several, and as other things that parsers and screens trip over.
WHOLE = (ATTACK,)
PIECES = ("</", "script", "><", "img src=x ", "onerror=", "window.harm=1", ">")
OTHERS = (
    "<!--", "-->", "]]>", "&lt;b&gt;", "\u2028", "'\"`", "${1}", "javascript:alert(1)",
    display_text("\u202eevil\u202c"), "__proto__", "constructor", "x" * 20_000, "é̂" * 500,
)  # fmt: skip


def words(*hostile: str) -> tuple[str, ...]:
    """The hostile ones first, so that they are read, come next and are candidates."""
    return (*hostile, *WORDS)[: max(len(WORDS), len(hostile) + 1)]


def unharmed(page: Page) -> None:
    expect(page.locator(".cutaway[data-ready]")).to_be_visible()
    expect(page.locator("img, iframe, object")).to_have_count(0)
    # Beside the envelope and the data, which are inert, there is the front end alone.
    expect(page.locator("script:not([id^='cutaway-'])")).to_have_count(1)
    holds(page, "window.harm === undefined")
    fits(page)


def attacked(spec: Spec) -> Spec:
    """The same picture with the attack in every string of the common header."""
    header = {
        **spec.header, "title": ATTACK, "heading": ATTACK, "about": ATTACK,
        "sentence": [["", ATTACK], ["out", ATTACK], ["b", ATTACK]],
        "provenance": [["model", ATTACK], [ATTACK, ATTACK]], "notes": [ATTACK],
    }  # fmt: skip
    return Spec(spec.kind, header, spec.arrays)


@pytest.mark.parametrize("hostile", [WHOLE, PIECES, OTHERS], ids=["whole", "pieces", "others"])
@pytest.mark.parametrize("panel", ["candidates", "table"])
def test_a_lens_shows_it_as_text(open_page: OpenPage, hostile: tuple[str, ...], panel: str) -> None:
    spec = attacked(lens_spec(12, words=words(*hostile)))
    page = open_page(page_of(spec), fragment=f"show={panel}")
    unharmed(page)
    expect(page).to_have_title(ATTACK)
    expect(page.get_by_role("option", name=hostile[0], exact=True).first).to_be_visible()
    expect(page.locator(".sentence")).to_have_text(ATTACK * 3)


@pytest.mark.parametrize("hostile", [WHOLE, PIECES, OTHERS], ids=["whole", "pieces", "others"])
def test_candidates_show_it_as_text(open_page: OpenPage, hostile: tuple[str, ...]) -> None:
    page = open_page(page_of(attacked(candidates_spec(words=words(*hostile), k=20))))
    unharmed(page)
    expect(page.get_by_role("table").get_by_text(hostile[0], exact=True).first).to_be_visible()


@pytest.mark.parametrize("cut", [False, True], ids=["one token", "cut over several"])
def test_a_model_that_reads_it_is_shown(open_page: OpenPage, cut: bool) -> None:
    """From the tokenizer to the screen: a made-up vocabulary, a tiny model, its lens, its page."""
    tokenizer = deepcopy(tiny_tokenizer())
    if not cut:
        tokenizer.add_tokens([ATTACK])
    lm = cutaway.wrap(tiny_model("llama", vocab_size=len(tokenizer) + 8), tokenizer)
    trace = lm.trace(f"The key{ATTACK} is")
    assert (display_text(ATTACK) in trace.tokens.labels) is not cut
    page = open_page(page_of(lens_picture(logit_lens(trace))), fragment="show=candidates")
    unharmed(page)
    strip = page.get_by_role("listbox")
    expect(strip).to_contain_text(display_text(ATTACK))
    expect(strip.get_by_role("option")).to_have_text(list(trace.tokens.labels))


def test_the_policy_stops_what_would_get_through(open_page: OpenPage) -> None:
    """Even markup that reached the document could not run or ask for anything."""
    html = page_of(lens_spec())
    page = open_page(html)
    unharmed(page)
    policy = page.locator("meta[http-equiv=Content-Security-Policy]")
    expect(policy).to_have_attribute("content", "default-src 'none'" + policy_rest(html))


def policy_rest(html: str) -> str:
    """What follows in the policy; it holds no wildcard, no inline script and no address."""
    start = html.index("default-src 'none'") + len("default-src 'none'")
    rest = html[start : html.index('"', start)]
    script = rest.split("script-src", 1)[1].split(";", 1)[0]
    assert "*" not in rest
    assert "http" not in rest
    assert "unsafe" not in script
    return rest
