"""The pages of two texts: cross attention, the alignment matrix, saliency, and their report."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import cutaway as ct
from cutaway.app.attention import AttentionView
from cutaway.core.numbers import percent
from cutaway.lens.alignment import alignment_of_attention
from cutaway.lens.saliency import saliency
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of
from cutaway.view.saliency import saliency_spec
from cutaway.view.spec import Spec

from ..lens.crossed import SOURCE, TARGET, cross_trace, crossed
from .conftest import OpenPage, fits, ready
from .reports import section, toggle
from .test_attention_page import told

TRACE = cross_trace()
WEIGHTS = TRACE.source.crossed  # type: ignore[attr-defined]
#: What is said of the token that is looked at.
AT = re.compile(r"^At \S+, position")
LONG = tuple(f"·word{i}" for i in range(60))


def picture() -> Spec:
    return AttentionView(crossed(TRACE), TRACE, "special").spec


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()


def test_each_side_has_its_own_tokens(open_page: OpenPage) -> None:
    page = ready(open_page(page_of(picture()), fragment="head=1.2&at=1"))
    heading(page, "Where it looked in the source")
    heading(page, "At 2021, position 1 of the target")
    best = int(WEIGHTS[1, 2, 1].argmax())
    first = page.locator(".card:has(h3:text('It looks at')) .bar").first
    expect(first).to_contain_text(SOURCE[best])
    expect(first).to_contain_text(told(float(WEIGHTS[1, 2, 1, best])))
    expect(page.get_by_role("button", name="hide first source token")).to_be_visible()


def test_the_keyboard_goes_to_the_end_of_the_longer_side(open_page: OpenPage) -> None:
    page = ready(open_page(page_of(picture()), fragment="head=0.0"))
    page.locator(".columns").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    heading(page, "At </s>, position 6 of the source")
    expect(page).to_have_url(re.compile("side=key"))
    expect(page.get_by_text("Looks at it", exact=True)).to_be_visible()
    expect(page.get_by_text("It looks at", exact=True)).to_have_count(0)
    page.keyboard.press("ArrowLeft")  # the target has fewer tokens: its last one
    heading(page, "At </s>, position 4 of the target")


def test_the_matrix_is_as_wide_as_the_source(open_page: OpenPage) -> None:
    page = ready(open_page(page_of(picture()), fragment="head=0.1&form=matrix&at=2"))
    matrix = page.locator(".pane .grid")
    expect(matrix).to_have_attribute(
        "aria-label", "Weights of 5 tokens on 7 tokens; arrow keys move."
    )
    matrix.focus()
    page.keyboard.press("End")
    words = f"{TARGET[2]} on {SOURCE[-1]}: {told(float(WEIGHTS[0, 1, 2, -1]))}"
    expect(page.get_by_text(words)).to_be_visible()


def test_heads_of_a_layer_and_a_long_source(open_page: OpenPage) -> None:
    trace = cross_trace(source=LONG)
    spec = AttentionView(crossed(trace), trace, "special").spec
    page = ready(open_page(page_of(spec), fragment="view=heads&head=1.0", width=390))
    fits(page)
    page.locator(".columns").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    heading(page, "At ·word59, position 59 of the source")


def test_an_alignment_is_walked_by_keys_and_kept_in_the_address(open_page: OpenPage) -> None:
    data = alignment_of_attention(crossed(TRACE))
    page = ready(open_page(page_of(spec_of(data)), fragment="layer=0&at=1&source=0"))
    weight = data["weight"].values[0]
    panel = page.locator(".card[aria-live] h2")
    expect(panel).to_have_text(f"2021 from 12: {percent(float(weight[0, 0]))}")
    page.locator(".grid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(panel).to_have_text(f"-03 from th: {percent(float(weight[1, 1]))}")
    expect(page).to_have_url(re.compile("at=2&source=1|source=1&at=2"))
    page.get_by_label("Layer").select_option("1")
    other = percent(float(data["weight"].values[1, 1, 1]))
    expect(panel).to_have_text(f"-03 from th: {other}")


def test_saliency_has_a_strip_for_each_text(open_page: OpenPage) -> None:
    spec = saliency_spec(saliency(TRACE))
    page = ready(open_page(page_of(spec), fragment="at=2&detail=yes"))
    source = page.get_by_role("listbox", name="The source, coloured by its share")
    whole = sum(range(1, len(SOURCE) + 3))
    share = percent((len(SOURCE)) / whole)
    expect(source.locator(".token").last).to_have_text(f"</s>{share}")
    part = percent(float(spec.arrays["source_share"][1].sum()))
    expect(page.get_by_text(f"{part} of it lies on the source.")).to_be_visible()
    source.locator(".token").first.focus()
    page.keyboard.press("ArrowRight")
    expect(source.get_by_role("option", selected=True)).to_contain_text("th")
    expect(page).to_have_url(re.compile("source=1"))


@pytest.fixture(scope="module")
def report(dates: ct.LM) -> ct.View:
    return ct.report(dates.generate("12th of march 2021", max_new_tokens=12))


def test_a_report_holds_both_texts_and_every_kind_of_attention(
    open_page: OpenPage, report: ct.View
) -> None:
    names = "saliency,alignment,cross,attention,encoder,neurons,factors"
    page = ready(open_page(page_of(report.spec), fragment=f"at=5&open={names}"))
    for name in names.split(","):
        expect(toggle(page, name)).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".section-body[aria-busy]")).to_have_count(0)
    source = page.get_by_role("listbox", name="The source, one of its tokens is picked")
    assert "".join(source.locator(".token").all_inner_texts()).startswith("12th")
    for name, words in (("cross", "of the target"), ("attention", ""), ("encoder", "")):
        expect(section(page, name).locator("h2", has_text=AT)).to_contain_text(words)


def test_a_source_token_that_is_picked_is_picked_in_every_section(
    open_page: OpenPage, report: ct.View
) -> None:
    page = ready(open_page(page_of(report.spec), fragment="at=5&open=saliency,alignment,encoder"))
    expect(page.locator(".section-body[aria-busy]")).to_have_count(0)
    source = page.get_by_role("listbox", name="The source, one of its tokens is picked")
    source.locator(".token").nth(4).click()
    label = source.locator(".token").nth(4).inner_text()
    expect(page).to_have_url(re.compile("source=4"))
    strip = section(page, "saliency").get_by_role("listbox", name="The source, coloured")
    expect(strip.get_by_role("option", selected=True)).to_have_text(label)
    expect(section(page, "alignment").locator(".card[aria-live] h2")).to_contain_text(label)
    expect(section(page, "encoder").locator("h2", has_text=AT)).to_contain_text(label)
    # The target's own token stays where it was.
    expect(page.locator(".report-token")).to_contain_text("position 5")


def test_the_account_names_the_text_that_a_share_lies_on(dates: ct.LM, report: ct.View) -> None:
    trace = dates.generate("12th of march 2021", max_new_tokens=12)
    shares = ct.saliency(trace, targets=[1]).data
    best = int(np.argmax(shares["source_saliency"].values[0]))
    label = shares["source_position_input"].values[best]
    assert f"lies on {label} of the source." in report.account(0)  # type: ignore[attr-defined]
