"""The race and the probes as saved pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of

from ..lens.made import made
from .conftest import OpenPage, fits, holds, ready


@pytest.fixture(scope="module")
def specs():
    return {name: spec_of(data) for name, data in made().items() if name in ("watch", "pairs")}


def test_the_readout_names_every_token_and_follows_the_arrow_keys(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["watch"])))
    readout = page.locator(".readout")
    expect(readout.get_by_role("heading")).to_have_text("After layer 29")
    expect(readout.locator(".racer")).to_have_count(3)
    page.locator("svg.lines").focus()
    page.keyboard.press("ArrowLeft")
    expect(readout.get_by_role("heading")).to_have_text("After layer 28")
    page.keyboard.press("Home")
    expect(readout.get_by_role("heading")).to_have_text("The input, before layer 0")
    expect(page).to_have_url(re.compile("#row=0$"))


def test_the_chosen_token_moves_with_the_arrow_keys_in_the_table_and_in_the_chart(
    open_page: OpenPage, specs
):
    page = ready(open_page(page_of(specs["watch"])))
    tokens = specs["watch"].header["tokens"]
    lines, grid = page.locator("svg.lines g[data-line]"), page.locator(".grid")
    chosen = page.locator(".racer.is-chosen code")
    expect(lines.nth(0)).to_have_class("is-chosen")
    grid.focus()
    page.keyboard.press("ArrowRight")
    expect(lines.nth(1)).to_have_class("is-chosen")
    expect(lines.nth(0)).not_to_have_class("is-chosen")
    expect(chosen).to_have_text(tokens[1])
    expect(page).to_have_url(re.compile("#token=1$"))
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile("#row=29&token=1$"))
    page.locator("svg.lines").focus()
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text(tokens[2])
    page.keyboard.press("ArrowDown")  # there is no fourth
    expect(chosen).to_have_text(tokens[2])
    expect(page).to_have_url(re.compile("#row=29&token=2$"))
    page.reload()
    expect(ready(page).locator(".racer.is-chosen code")).to_have_text(tokens[2])


def test_hovering_shows_a_layer_and_leaving_goes_back(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["watch"])))
    heading = page.locator(".readout").get_by_role("heading")
    page.locator("svg.lines").hover()
    expect(heading).not_to_have_text("After layer 29")
    page.mouse.move(2, 2)
    expect(heading).to_have_text("After layer 29")


def test_an_address_opens_the_page_as_it_was(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["watch"]), fragment="mode=probability&row=3"))
    expect(page.get_by_role("button", name="probability")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".readout").get_by_role("heading")).to_have_text("After layer 2")


def test_the_same_numbers_are_a_table(open_page: OpenPage, specs):
    spec = specs["watch"]
    page = ready(open_page(page_of(spec)))
    page.get_by_text("Read as a table").click()
    first = page.locator(".datatable tbody tr").first.locator("td")
    ranks = [re.compile(rf"^rank {rank}, ") for rank in spec.arrays["rank"][-1].tolist()]
    expect(first).to_have_text(ranks)


def test_a_panel_for_each_prompt_with_the_rank_in_each_cell(open_page: OpenPage, specs):
    spec = specs["pairs"]
    page = ready(open_page(page_of(spec)))
    panels = page.locator("figure.panel")
    expect(panels).to_have_count(4)
    final = [str(rank) for rank in spec.arrays["rank"][2, -1].tolist()]
    expect(panels.nth(2).locator("tbody tr").first.locator("td")).to_have_text(final)


@pytest.mark.parametrize("kind", ["watch", "pairs"])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_window(open_page: OpenPage, specs, kind, dark):
    page = ready(open_page(page_of(specs[kind]), width=400, dark=dark))
    fits(page)


def test_the_readout_follows_down_the_chart_and_covers_nothing_below(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["watch"])))
    page.set_viewport_size({"width": 1280, "height": 420})
    page.evaluate("window.scrollTo(0, 200)")
    readout, below = page.locator(".card.readout"), page.locator(".board > .card.is-wide").first

    def box(of: Locator) -> tuple[float, float]:
        found = of.bounding_box()
        assert found
        return found["y"], found["y"] + found["height"]

    assert box(readout)[0] == pytest.approx(12, abs=1)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert box(readout)[1] <= box(below)[0]


def test_a_narrow_chart_opens_at_the_chosen_layer(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["watch"]), width=400))
    holds(page, "(b => b.scrollLeft > 0)(document.querySelector('.chart-box'))")
