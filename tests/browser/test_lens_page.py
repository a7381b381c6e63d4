"""The logit lens as a saved page, in a real browser, offline."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cutaway.render.page import page as page_of
from cutaway.render.ramp import colours
from tests.browser.conftest import OpenPage, fits, holds
from tests.browser.pages import WORDS, lens_spec

#: A point in the cell of the first position after the final layer, in the grid's own pixels.
FIRST_CELL = {"x": 60, "y": 34}


def ready(page: Page) -> Locator:
    root = page.locator(".cutaway[data-ready]")
    expect(root).to_be_visible()
    return root


def readout(page: Page) -> Locator:
    return page.locator(".readout")


def grid(page: Page) -> Locator:
    return page.get_by_role("application")


@pytest.fixture
def lens(open_page: OpenPage) -> Page:
    page = open_page(page_of(lens_spec()))
    ready(page)
    return page


def test_it_opens_on_what_the_model_says(lens: Page) -> None:
    expect(lens).to_have_title("The capital of France is · Cutaway")
    expect(lens.get_by_role("heading", name="What it guessed after each layer")).to_be_visible()
    expect(lens.locator(".sentence")).to_contain_text("·Paris with 77.3 %")
    expect(readout(lens).get_by_role("heading")).to_have_text("After layer 29")
    expect(readout(lens).locator(".bar").first).to_contain_text("·Paris")
    expect(readout(lens).locator(".bar")).to_have_count(5)
    expect(readout(lens).locator("[data-quantity=rank]")).to_have_text("1")


def test_a_cell_has_the_colour_that_python_gives_it(lens: Page) -> None:
    share = lens_spec().arrays["top_probability"][-1, 0, 0]
    expected = colours("clay", np.array([share]))[0].tolist()
    holds(
        lens,
        """([x, y, expected]) => {
            const canvas = document.querySelector(".grid canvas");
            const pixel = canvas.getContext("2d").getImageData(x, y, 1, 1).data;
            return expected.every((value, i) => Math.abs(value - pixel[i]) <= 2);
        }""",
        arg=[60, 29, expected],
    )


def test_the_arrow_keys_move_and_enter_pins(lens: Page) -> None:
    grid(lens).focus()
    lens.keyboard.press("ArrowDown")
    lens.keyboard.press("ArrowLeft")
    expect(readout(lens)).to_contain_text("After layer 28")
    expect(readout(lens)).to_contain_text("Position 3")
    expect(lens.get_by_role("status")).to_contain_text("Position 3, ·France, after layer 28")
    expect(lens).to_have_url(re.compile("#at=3&layer=28$"))
    lens.keyboard.press("Enter")
    expect(lens).to_have_url(re.compile("#at=3&layer=28&pinned=yes$"))
    grid(lens).hover(position=FIRST_CELL)
    expect(readout(lens)).to_contain_text("After layer 28")
    lens.keyboard.press("Escape")
    expect(readout(lens)).not_to_contain_text("Pinned")


def test_the_pointer_shows_a_cell_and_a_click_pins_it(lens: Page) -> None:
    grid(lens).hover(position=FIRST_CELL)
    expect(readout(lens)).to_contain_text("Position 0")
    lens.mouse.move(2, 2)
    expect(readout(lens)).to_contain_text("Position 4")
    grid(lens).click(position=FIRST_CELL)
    lens.mouse.move(2, 2)
    expect(readout(lens)).to_contain_text("Position 0")
    expect(readout(lens)).to_contain_text("Pinned")


@pytest.mark.parametrize(
    ("name", "words"),
    [("rank", "rank of the final layer's top token, 1 is the top, log scale"),
     ("KL", "KL(final || layer)"), ("logit", "logit of the layer's top token")],
)  # fmt: skip
def test_a_mode_says_its_scale(lens: Page, name: str, words: str) -> None:
    button = lens.get_by_role("button", name=name, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(lens.locator(".controls [aria-pressed=true]").first).to_have_text(name)
    expect(lens.locator(".legend")).to_contain_text(words)
    expect(lens).to_have_url(re.compile(f"#mode={name.lower()}$"))


def test_an_address_is_shown_again(open_page: OpenPage) -> None:
    page = open_page(
        page_of(lens_spec(inside=True)),
        fragment="at=2&layer=3&inside=yes&mode=kl&final=bottom&show=candidates",
    )
    ready(page)
    expect(readout(page)).to_contain_text("Inside layer 3, between attention and MLP")
    expect(readout(page)).to_contain_text("Position 2")
    expect(page.get_by_role("button", name="KL")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="final layer on top")).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(page.get_by_role("region", name="Candidates at position 2")).to_be_visible()
    page.evaluate("location.hash = 'at=1&layer=in'")
    expect(readout(page)).to_contain_text("The input, before layer 0")
    expect(readout(page)).to_contain_text("Position 1")


def test_an_address_of_another_picture_is_not_followed(open_page: OpenPage) -> None:
    page = open_page(page_of(lens_spec()), fragment="at=700&layer=99&mode=js&inside=yes")
    ready(page)
    expect(readout(page)).to_contain_text("After layer 29")
    expect(readout(page)).to_contain_text("Position 4")


def test_the_strip_shares_the_selection(lens: Page) -> None:
    strip = lens.get_by_role("listbox", name="The tokens it read")
    strip.get_by_role("option", name="·France").click()
    expect(readout(lens)).to_contain_text("Position 3")
    lens.keyboard.press("ArrowLeft")
    expect(strip.get_by_role("option", selected=True)).to_have_text("·of")
    expect(strip.get_by_role("option", selected=True)).to_be_focused()
    expect(strip.locator(".is-next")).to_have_text("·France")
    expect(readout(lens)).to_contain_text("Position 2")


def test_the_panels_are_tables(lens: Page) -> None:
    lens.get_by_role("button", name="candidates after each layer").click()
    table = lens.get_by_role("table", name="Candidates at position 4")
    expect(table.get_by_role("row")).to_have_count(1 + 31)
    expect(table.get_by_role("row").nth(1)).to_contain_text("·Paris")
    lens.get_by_role("button", name="read as a table").click()
    numbers = lens.get_by_role("table", name="All numbers at position 4")
    expect(numbers.get_by_role("row")).to_have_count(1 + 31)
    expect(numbers.get_by_role("columnheader")).to_have_text(
        ["state", "top token", "probability", "logit", "rank", "surprisal", "entropy", "KL"]
    )
    lens.get_by_role("button", name="input row").click()
    expect(numbers.get_by_role("row")).to_have_count(1 + 30)
    lens.get_by_role("button", name="Close").press("Enter")
    expect(numbers).to_have_count(0)
    expect(lens.get_by_role("button", name="read as a table")).to_be_focused()


def test_hiding_the_input_row_leaves_no_hidden_choice(lens: Page) -> None:
    grid(lens).focus()
    lens.keyboard.press("End")
    for _ in range(4):
        lens.keyboard.press("PageDown")
    expect(readout(lens)).to_contain_text("The input, before layer 0")
    lens.get_by_role("button", name="input row").click()
    expect(readout(lens)).to_contain_text("After layer 0")


def test_dark_is_its_own_palette_and_can_be_chosen(open_page: OpenPage) -> None:
    page = open_page(page_of(lens_spec()), dark=True)
    root = ready(page)
    expect(root).to_have_css("background-color", "rgb(20, 22, 26)")
    page.get_by_role("button", name="Theme").click()
    expect(root).to_have_css("background-color", "rgb(251, 250, 247)")
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Theme").click()
    expect(root).to_have_css("background-color", "rgb(20, 22, 26)")


@pytest.mark.parametrize("fragment", ["", "show=candidates", "show=table", "cells=fit"])
def test_a_narrow_window_has_no_overflow(open_page: OpenPage, fragment: str) -> None:
    long = ("prompt", "x" * 5000)
    spec = lens_spec(12, provenance=[["model", "a/" + "very-long-name-" * 20], list(long)])
    page = open_page(page_of(spec), width=400, fragment=fragment)
    ready(page)
    page.get_by_text("How this was made").click()
    expect(page.get_by_text(long[1])).to_be_visible()
    fits(page)


def test_a_thousand_positions_take_one_small_canvas(open_page: OpenPage) -> None:
    page = open_page(page_of(lens_spec(1024)))
    ready(page)
    holds(page, "document.querySelector('.grid canvas').getBoundingClientRect().width < 1280")
    grid(page).focus()
    page.keyboard.press("Home")
    expect(readout(page)).to_contain_text("Position 0:")
    expect(grid(page)).to_have_js_property("scrollLeft", 0)
    page.keyboard.press("End")
    expect(readout(page)).to_contain_text("Position 1023:")
    expect(grid(page)).not_to_have_js_property("scrollLeft", 0)


def test_everything_is_reached_with_the_tab_key(lens: Page) -> None:
    lens.get_by_role("button", name="Theme").focus()
    for locator in (
        lens.get_by_role("option", selected=True),
        *(lens.get_by_role("group", name="Colour by").get_by_role("button").all()),
        grid(lens),
        *(lens.get_by_role("group", name="Show").get_by_role("button").all()),
        lens.locator("summary"),
    ):
        lens.keyboard.press("Tab")
        expect(locator).to_be_focused()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda html: html.replace('"version":1', '"version":2'), "version 2"),
        (lambda html: html.replace('"kind":"logit_lens"', '"kind":"later"'), 'kind "later"'),
        (lambda html: html.replace('{"version"', '{"version'), "header is damaged"),
        (lambda html: re.sub(r'(id="cutaway-data">)\w', r"\1!", html), "numbers are damaged"),
        (lambda html: html.replace('id="cutaway-data"', 'id="lost"'), "not whole"),
    ],
)
def test_what_cannot_be_shown_is_said_in_words(open_page: OpenPage, broken, words: str) -> None:
    page = open_page(broken(page_of(lens_spec())))
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_an_old_browser_is_told_so(open_page: OpenPage) -> None:
    page = open_page(page_of(lens_spec()), before="delete window.DecompressionStream")
    expect(page.get_by_role("alert")).to_contain_text("too old")


def test_undefined_cells_are_dashes(open_page: OpenPage) -> None:
    spec = lens_spec()
    for name, undefined in [("rank", 0), ("surprisal", np.nan), ("kl", np.nan)]:
        spec.arrays[name][...] = undefined
    page = open_page(page_of(spec), fragment="mode=rank")
    ready(page)
    for name in ("rank", "surprisal", "kl"):
        expect(readout(page).locator(f"[data-quantity={name}]")).to_have_text("–")


def test_labels_are_whole_in_the_readout(open_page: OpenPage) -> None:
    page = open_page(page_of(lens_spec(40, words=WORDS)), fragment="show=candidates")
    ready(page)
    table = page.get_by_role("table", name="Candidates at position 39")
    expect(table.get_by_title("·internationalisation: logit").first).to_be_attached()
