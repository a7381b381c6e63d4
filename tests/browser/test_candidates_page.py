"""The candidates table as a saved page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from cutaway.render.page import page as page_of
from tests.browser.conftest import OpenPage, fits
from tests.browser.pages import candidates_spec


def test_a_row_for_each_layer_with_the_final_one_on_top(open_page: OpenPage) -> None:
    page = open_page(page_of(candidates_spec()))
    expect(page.locator(".cutaway[data-ready]")).to_be_visible()
    table = page.get_by_role("table", name="What it nearly said")
    names = [str(layer) for layer in range(29, -1, -1)] + ["in"]
    expect(table.get_by_role("rowheader")).to_have_text(names)
    expect(table.get_by_role("columnheader")).to_have_text(["layer", "1", "2", "3", "4", "5"])
    expect(table.get_by_role("row").nth(1)).to_contain_text(re.compile(r"·Paris\d+\.\d %"))
    expect(table.locator("td")).to_have_count(31 * 5)


def test_bars_are_as_long_as_their_probabilities(open_page: OpenPage) -> None:
    spec = candidates_spec()
    page = open_page(page_of(spec))
    share = float(spec.arrays["top_probability"][-1, 0])
    bar = page.locator("tbody tr").first.locator(".track i").first
    expect(bar).to_have_attribute("style", re.compile(rf"width: {100 * share:.2f}"))


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_window(open_page: OpenPage, dark: bool) -> None:
    page = open_page(page_of(candidates_spec(k=20)), width=400, dark=dark)
    expect(page.locator(".cutaway[data-ready]")).to_be_visible()
    fits(page)
    expect(page.locator("table.candidates")).to_be_visible()
