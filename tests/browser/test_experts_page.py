"""The experts of a mixture as a saved page."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cutaway.lens.routing import experts
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of

from ..lens.routed import routed_trace
from .conftest import OpenPage, fits, ready


@pytest.fixture(scope="module")
def data():
    return experts(routed_trace(12, layers=3, count=8, k=2))


@pytest.fixture(scope="module")
def html(data) -> str:
    return page_of(spec_of(data))


def test_a_cell_tells_the_experts_that_were_called(open_page: OpenPage, html, data):
    page = ready(open_page(html, fragment="layer=1&at=4"))
    panel = page.locator("section[aria-live]")
    expect(panel).to_contain_text("·is in layer 1")
    own = data.sel(layer=1).isel(position=4)
    heads = panel.locator("tbody th")
    expect(heads).to_have_text([str(e) for e in own["chosen"].values])
    share = f"{100 * float(own['chosen_probability'][0]):.1f}"
    expect(panel.locator("tbody tr").first).to_contain_text(share)
    rest = own["probability"].values.copy()
    rest[own["chosen"].values] = 0
    expect(panel).to_contain_text(f"Best of those not called: {int(np.argmax(rest))} (")


def test_all_of_it_is_reached_by_keyboard_and_kept_in_the_address(open_page: OpenPage, html, data):
    page = ready(open_page(html, fragment="layer=2&at=0"))
    panel = page.locator("section[aria-live]")
    grids = page.locator(".grid")
    grids.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("layer=1"))
    expect(panel).to_contain_text("in layer 1")
    expect(panel).to_contain_text("Position 11")
    expect(page.get_by_role("heading", name="Layer 1, expert by expert")).to_be_visible()
    grids.nth(1).focus()
    page.keyboard.press("ArrowDown")
    strongest = int(data["chosen"].sel(layer=2)[-1, 0])  # it opens there
    expect(page).to_have_url(re.compile(f"expert={strongest + 1}"))


def test_an_expert_is_picked_by_its_load(open_page: OpenPage, html, data):
    page = ready(open_page(html, fragment="layer=0&order=load"))
    bars = page.locator("button.load")
    load = data["load"].sel(layer=0).values
    best = int(np.argsort(-load, kind="stable")[0])
    expect(bars).to_have_count(8)
    expect(bars.first).to_contain_text(f"{best}")
    expect(bars.first).to_contain_text(f"{100 * load[best]:.1f} %")
    bars.first.click()
    expect(page).to_have_url(re.compile("colour=expert"))
    expect(page.get_by_text(f"weight of expert {best} where it was called")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 480])
def test_many_experts_and_tokens_fit(open_page: OpenPage, width):
    view = spec_of(experts(routed_trace(200, layers=4, count=64, k=8)))
    page = ready(open_page(page_of(view), width=width, dark=True))
    expect(page.locator("button.load")).to_have_count(64)
    expect(page.locator("section[aria-live] tbody tr")).to_have_count(8)
    fits(page)


def test_the_bars_of_the_load_are_one_stop_of_the_keyboard(open_page: OpenPage, html, data):
    page = ready(open_page(html, fragment="layer=0&expert=2"))
    bars = page.locator("button.load")
    expect(page.locator("button.load[tabindex='0']")).to_have_count(1)
    bars.nth(2).focus()
    page.keyboard.press("ArrowDown")
    expect(bars.nth(3)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("expert=7"))
    expect(bars.last).to_be_focused()
