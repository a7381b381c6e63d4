"""The report: one selection for all its lenses, sections that open when they are wanted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from cutaway.render.page import page as page_of
from cutaway.view.spec import Spec

from .conftest import OpenPage, ready
from .pages import report_spec
from .reports import FOLLOWING, follows, picked, section, toggle, token


@pytest.fixture(scope="module")
def spec() -> Spec:
    return report_spec()


@pytest.fixture(scope="module")
def html(spec: Spec) -> str:
    return page_of(spec)


def test_it_opens_with_the_account_and_no_section_unpacked(
    open_page: OpenPage, html: str, spec: Spec
) -> None:
    count = (
        "const made = DecompressionStream; window.unpacked = 0;"
        "window.DecompressionStream = function (kind) { unpacked++; return new made(kind); }"
    )
    page = ready(open_page(html, before=count))
    picked(page, spec, spec.header["opens_at"])
    told = spec.header["accounts"][spec.header["opens_at"]]
    lines = page.locator(".account p")
    expect(lines).to_have_text(["".join(run[1] for run in line) for line in told])
    expect(page.locator(".report-candidates .bar")).to_have_count(10)
    expect(page.locator(".report-candidates .is-next")).to_have_count(1)
    expect(page.locator(".report-section")).to_have_count(len(spec.header["sections"]))
    expect(page.locator("[data-section] .board")).to_have_count(0)
    assert page.evaluate("unpacked") == 1
    toggle(page, "lens").press("Enter")
    expect(section(page, "lens").locator(".grid")).to_be_visible()
    assert page.evaluate("unpacked") == 2
    expect(page).to_have_url(re.compile("#open=lens$"))


def test_a_token_picked_anywhere_is_picked_everywhere(
    open_page: OpenPage, html: str, spec: Spec
) -> None:
    page = ready(open_page(html, fragment=f"open={','.join(FOLLOWING)}"))
    opens = spec.header["opens_at"]
    follows(page, spec, opens)
    token(page, 9).click()  # said after position 8
    picked(page, spec, 8)
    follows(page, spec, 8)
    section(page, "lens").locator(".grid").press("ArrowLeft")
    picked(page, spec, 7)
    follows(page, spec, 7)
    section(page, "saliency").locator(".token").nth(11).click()
    picked(page, spec, 10)
    follows(page, spec, 10)
    expect(page).to_have_url(re.compile("at=10"))


def test_a_layer_and_a_head_are_shared(open_page: OpenPage, html: str) -> None:
    page = ready(open_page(html, fragment="open=lens,race,attention,neurons&layer=1&head=2"))
    title = section(page, "attention").get_by_role("heading", name="Layer 1, head 2", exact=True)
    expect(title).to_be_visible()
    expect(section(page, "neurons").locator("select")).to_have_value("1")
    expect(section(page, "lens").locator(".readout h2")).to_have_text("After layer 1")
    expect(section(page, "race").locator(".readout h2")).to_have_text("After layer 1")
    expect(page.locator(".report-more")).to_have_text("after layer 1 · head 2")
    section(page, "neurons").locator("select").select_option("3")
    expect(section(page, "lens").locator(".readout h2")).to_have_text("After layer 3")
    again = section(page, "attention").get_by_role("heading", name="Layer 3, head 2", exact=True)
    expect(again).to_be_visible()


def test_a_token_picked_on_the_side_that_is_looked_at_stays_in_attention(
    open_page: OpenPage, html: str, spec: Spec
) -> None:
    page = ready(open_page(html, fragment="open=attention&at=8"))
    where = section(page, "attention").locator(FOLLOWING["attention"]).first
    columns = section(page, "attention").get_by_role("application", name=re.compile("left"))
    columns.press("ArrowRight")
    expect(where).to_contain_text("position 8")
    columns.press("ArrowUp")
    expect(where).not_to_contain_text("position 8")
    picked(page, spec, 8)
    page.keyboard.press("n")
    picked(page, spec, 9)
    expect(where).to_contain_text("position 9")


def test_a_number_of_the_account_leads_to_its_view(
    open_page: OpenPage, html: str, spec: Spec
) -> None:
    page = ready(open_page(html))
    runs = [run for line in spec.header["accounts"][spec.header["opens_at"]] for run in line]
    name, link = next((r[1], r[2]) for r in runs if r[2] and r[2]["section"] == "attention")
    page.locator(".account").get_by_role("link", name=name, exact=True).click()
    expect(toggle(page, "attention")).to_be_focused()
    expect(toggle(page, "attention")).to_be_in_viewport()
    told = f"Layer {link['layer']}, head {link['head']}"
    head = section(page, "attention").get_by_role("heading", name=told, exact=True)
    expect(head).to_be_visible()
    parts = ("open=attention", f"layer={link['layer']}", f"head={link['head']}")
    expect(page).to_have_url(re.compile("#" + "".join(f"(?=.*{part}\\b)" for part in parts)))
    page.reload()
    ready(page)
    expect(head).to_be_visible()


def test_every_link_leads_to_a_section_that_is_there(spec: Spec) -> None:
    names = {each["name"] for each in spec.header["sections"]}
    links = [r[2] for lines in spec.header["accounts"] for line in lines for r in line if r[2]]
    assert links
    assert {link["section"] for link in links} <= names


def test_keys_go_through_the_text(open_page: OpenPage, html: str, spec: Spec) -> None:
    page = ready(open_page(html))
    at, last = spec.header["opens_at"], len(spec.header["inputs"]) - 1
    page.get_by_role("button", name="Token after (key n)").click()
    picked(page, spec, at + 1)
    page.keyboard.press("n")
    picked(page, spec, at + 2)
    page.keyboard.press("p")
    picked(page, spec, at + 1)
    token(page, at + 2).focus()
    page.keyboard.press("End")
    picked(page, spec, last)
    expect(token(page, last + 1)).to_be_focused()
    expect(page.get_by_role("button", name="Token after (key n)")).to_be_disabled()
    expect(page.get_by_role("heading", name="What it would say next")).to_be_visible()
    page.keyboard.press("Home")
    picked(page, spec, 0)
    expect(page.get_by_role("button", name="Token before (key p)")).to_be_disabled()


def test_the_state_is_in_the_address_and_is_there_again(
    open_page: OpenPage, html: str, spec: Spec
) -> None:
    page = ready(open_page(html))
    for name in ("walk", "lens"):
        toggle(page, name).click()
    token(page, 10).click()
    section(page, "lens").get_by_role("button", name="rank", exact=True).click()
    section(page, "walk").get_by_role("button", name="next →").click()
    parts = ("open=lens,walk", "at=9", "lens.mode=rank", "walk.step=1")
    expect(page).to_have_url(re.compile("#" + "".join(f"(?=.*{part}\\b)" for part in parts)))
    page.reload()
    picked(ready(page), spec, 9)
    rank = section(page, "lens").get_by_role("button", name="rank", exact=True)
    expect(rank).to_have_attribute("aria-pressed", "true")
    expect(section(page, "walk").get_by_text("Step 2 of")).to_be_visible()
    page.evaluate("location.hash = 'open=factors&at=3'")
    picked(page, spec, 3)
    expect(section(page, "factors").locator(".factor-list")).to_be_visible()
    expect(section(page, "lens").locator(".grid")).to_be_hidden()


def test_what_a_page_cannot_show_of_another_token_is_said(open_page: OpenPage, html: str) -> None:
    page = ready(open_page(html, fragment="open=walk,race,saliency&at=2&layer=2"))
    call = "ct.walk(trace, at=2, layer=2)"
    expect(section(page, "walk").locator(".elsewhere")).to_contain_text(call)
    race = "This is position 5; picked is position 2."
    expect(section(page, "race").locator(".elsewhere")).to_contain_text(race)
    why = "ct.saliency(trace, targets=[3]) explains it"
    expect(section(page, "saliency").locator(".elsewhere")).to_contain_text(why)
    token(page, 6).click()
    for name in ("walk", "race", "saliency"):
        expect(section(page, name).locator(".elsewhere")).to_be_hidden()


def test_a_lens_that_is_missing_says_why_and_does_not_open(open_page: OpenPage, spec: Spec) -> None:
    rows = [dict(row) for row in spec.header["sections"]]
    rows[2]["missing"] = "this trace was saved without its model"
    left = {name: s for name, s in spec.sections.items() if name != "saliency"}
    lacking = replace(spec, header={**spec.header, "sections": rows}, sections=left)
    page = ready(open_page(page_of(lacking), fragment="open=saliency"))
    expect(section(page, "saliency")).to_contain_text("saved without its model")
    expect(toggle(page, "saliency")).to_have_count(0)
    expect(page.locator("[data-section] .board")).to_have_count(0)


def test_a_page_that_is_not_whole_says_so_in_its_section(open_page: OpenPage, html: str) -> None:
    begins = html.index('<script type="application/octet-stream" id="cutaway-section-attention"')
    page = ready(open_page(html[:begins], fragment="open=lens,attention"))
    expect(section(page, "lens").locator(".grid")).to_be_visible()
    problem = section(page, "attention").locator(".problem")
    expect(problem).to_contain_text('ends before the section "attention": it is not whole')
    expect(section(page, "attention").get_by_role("button", name="Try again")).to_be_visible()


def test_a_browser_that_cannot_unpack_is_told_so(open_page: OpenPage, html: str) -> None:
    page = open_page(html, before="delete window.DecompressionStream")
    expect(page.locator(".problem")).to_contain_text("DecompressionStream is missing")


def test_nothing_moves_when_a_section_opens(open_page: OpenPage, html: str) -> None:
    watch = (
        "window.shifts = 0; new PerformanceObserver((list) => { for (const entry of"
        " list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page = ready(open_page(html, before=watch))
    for name in ("lens", "attention", "anatomy"):
        head = toggle(page, name)
        head.scroll_into_view_if_needed()
        before = head.bounding_box()
        head.click()
        expect(section(page, name).locator(".card").first).to_be_visible()
        assert head.bounding_box() == before
    assert page.evaluate("shifts") < 0.02
