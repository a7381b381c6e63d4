"""Reports on paper, of a thousand tokens, of hostile ones, and those that ask Python."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cutaway.render.page import page as page_of
from cutaway.view.spec import Spec

from .conftest import OpenPage, fits, holds, ready
from .pages import made_report, report_spec
from .reports import picked, section, toggle, token
from .test_widget import NOTEBOOK, draw


@pytest.fixture(scope="module")
def spec() -> Spec:
    return report_spec()


@pytest.fixture(scope="module")
def html(spec: Spec) -> str:
    return page_of(spec)


@pytest.mark.parametrize("dark", [False, True])
def test_on_paper_all_of_it_is_there_in_light_colours(
    open_page: OpenPage, html: str, dark: bool
) -> None:
    page = ready(open_page(html, dark=dark, fragment="open=lens,attention,walk"))
    expect(section(page, "lens").locator(".grid")).to_be_visible()
    expect(section(page, "attention").get_by_text("% of mass drawn")).to_be_visible()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".cutaway")).to_have_attribute("data-scheme", "light")
    expect(page.locator(".account a.link").first).to_be_visible()
    expect(page.locator(".report-candidates .bar")).to_have_count(10)
    expect(page.locator(".report-bar")).to_be_hidden()
    expect(section(page, "factors")).to_be_hidden()
    cut = """() => [...document.querySelectorAll(".grid")].filter((grid) => {
        const { right, bottom } = grid.getBoundingClientRect();
        const inside = grid.querySelector("canvas").getBoundingClientRect();
        return inside.right > Math.min(right, innerWidth) + 1 || inside.bottom > bottom + 1;
    }).length"""
    holds(page, f"({cut})() === 0")
    assert page.locator(".grid").count() >= 3
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    scheme = "dark" if dark else "light"
    expect(page.locator(".cutaway")).to_have_attribute("data-scheme", scheme)
    assert page.pdf()[:4] == b"%PDF"


def long_spec(spec: Spec, count: int) -> Spec:
    """The same report with its row of tokens repeated, without sections."""
    rows = np.arange(count) % len(spec.header["inputs"])
    row = {name: [spec.header[name][i] for i in rows] for name in ("inputs", "texts", "roles")}
    header = spec.header | row | {
        "positions": list(range(count)), "produced": [i >= count - 20 for i in range(count)],
        "next_ids": [-1] * count, "sections": [], "opens_at": count - 21,
        "accounts": [spec.header["accounts"][i] for i in rows],
    }  # fmt: skip
    arrays = {name: array[rows] for name, array in spec.arrays.items()}
    return Spec("report", header, arrays)


@pytest.mark.parametrize("width", [1280, 400])
def test_a_thousand_tokens_do_not_break_it(open_page: OpenPage, spec: Spec, width: int) -> None:
    long = long_spec(spec, 1000)
    page = ready(open_page(page_of(long), width=width))
    fits(page)
    picked(page, long, 979)
    expect(token(page, 980)).to_be_in_viewport()
    assert page.locator(".strip.is-said").bounding_box()["height"] < 200  # type: ignore[index]
    token(page, 980).focus()
    for at in (980, 981, 982):
        page.keyboard.press("ArrowRight")
        picked(page, long, at)
    page.keyboard.press("Home")
    picked(page, long, 0)


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_its_window_with_every_section_open(
    open_page: OpenPage, html: str, spec: Spec, width: int
) -> None:
    names = [row["name"] for row in spec.header["sections"]]
    page = ready(open_page(html, width=width, fragment=f"open={','.join(names)}"))
    for name in names:
        expect(section(page, name).locator(".card").first).to_be_visible()
    fits(page)
    expect(page.get_by_text("How this was made")).to_have_count(1)


HOSTILE = "</script><img src=x onerror=alert(1)>" + "x" * 300


def test_hostile_tokens_are_text(open_page: OpenPage, spec: Spec) -> None:
    count = len(spec.header["inputs"])
    row = {name: [HOSTILE] * count for name in ("inputs", "texts")}
    rows = [row | {"title": HOSTILE, "missing": HOSTILE} for row in spec.header["sections"]]
    link = {"section": "lens", "at": 1, "layer": None, "head": None}
    lines = [[["in", HOSTILE, None], ["b", HOSTILE, link]]]
    own = {"sections": rows, "accounts": [lines] * count}
    words = {"vocabulary": [HOSTILE] * len(spec.header["vocabulary"])}
    hostile = replace(spec, header=spec.header | row | own | words, sections={})
    page = ready(open_page(page_of(hostile), width=400))
    expect(page.locator(".account")).to_contain_text("onerror")
    expect(page.locator("img")).to_have_count(0)
    fits(page)


def live(page: Page, asked: list[dict[str, Any]]) -> None:
    """The report as a widget, which Python answers; what it asks is written down."""
    report = made_report()

    def answer(question: dict[str, Any]) -> Any:
        asked.append(question)
        return report.answer(question)

    draw(page, report._live_spec, answer)
    expect(page.locator("#cell .cutaway[data-ready]")).to_be_visible()


def test_a_report_that_lives_asks_for_what_is_looked_at(open_page: OpenPage, spec: Spec) -> None:
    asked: list[dict[str, Any]] = []
    page = open_page(NOTEBOOK)
    live(page, asked)
    at = spec.header["opens_at"]
    expect(page.locator(".account p").first).to_contain_text("the model says")
    assert [(q["what"], q.get("at")) for q in asked] == [("account", at)]
    token(page, 9).click()
    told = ["".join(run[1] for run in line) for line in spec.header["accounts"][8]]
    expect(page.locator(".account p")).to_have_text(told)
    token(page, at + 1).click()
    picked(page, spec, at)
    expect(page.locator(".account p")).not_to_have_text(told)
    assert len(asked) == 2  # an account is asked for once
    toggle(page, "attention").click()
    expect(section(page, "attention").get_by_text("% of mass drawn")).to_be_visible()
    assert {"what": "section", "section": "attention", "part": 0} in asked
    assert all(q["section"] == "attention" for q in asked[2:])


def test_in_a_report_that_lives_the_walk_and_the_race_go_where_one_is(
    open_page: OpenPage, spec: Spec
) -> None:
    asked: list[dict[str, Any]] = []
    page = open_page(NOTEBOOK)
    live(page, asked)
    for name in ("race", "walk"):
        toggle(page, name).click()
        expect(section(page, name).locator(".card").first).to_be_visible()
    token(page, 9).click()
    expect(section(page, "race").get_by_text("Position 8: read")).to_be_visible()
    walk = section(page, "walk")
    walk.get_by_role("button", name="Go to position 8").click()
    read = spec.header["inputs"][8]
    expect(walk.locator(".sentence").first).to_contain_text(f"{read} goes through block")
    expect(walk.locator(".elsewhere")).to_be_hidden()
    xray = walk.locator(".card", has_text="X-ray of the whole stack").locator(".grid")
    xray.press("ArrowLeft")
    xray.press("Enter")
    picked(page, spec, 7)
    expect(section(page, "race").get_by_text("Position 7: read")).to_be_visible()
    walks = [(q["section"], q["at"]) for q in asked if q["what"] == "walk"]
    assert walks == [("walk", 8), ("walk", 7)]


def test_what_python_cannot_answer_is_said_where_it_was_asked(open_page: OpenPage) -> None:
    from cutaway.core.errors import MissingError

    report = made_report()

    def answer(question: dict[str, Any]) -> Any:
        if question["what"] == "section":
            raise MissingError("the model", because="it was let go", fix="attach it")
        return report.answer(question)

    page = open_page(NOTEBOOK)
    draw(page, report._live_spec, answer)
    toggle(page, "lens").click()
    expect(section(page, "lens").locator(".problem")).to_contain_text("it was let go")
