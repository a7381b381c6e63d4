"""The experts of two runs as a saved page."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cutaway.core.numbers import percent
from cutaway.lens.compare import compare
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from ..lens.compared import long_pair, routed_pair, routed_text, vocabulary
from .conftest import OpenPage, fits, ready

NAMES = ("she", "he")


@pytest.fixture(scope="module")
def spec() -> Spec:
    return spec_of(compare(*routed_pair(), lens="experts", names=NAMES))


def test_a_cell_has_every_expert_of_both_runs(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="layer=2&at=1"))
    panel = page.locator(".readout")
    expect(panel).to_contain_text("·doctor in layer 2")
    shown = spec.arrays["expert"][1, 1]
    table = panel.get_by_role("region", name="Weight", exact=True)
    expect(table.locator("tbody th")).to_have_text([str(e) for e in shown[shown >= 0]])
    first, second = spec.arrays["weight"][:, 1, 1, 0]
    row = table.locator("tbody tr").first
    expect(row).to_contain_text("0" if first == 0 else f"{first:.3g}")
    expect(row.locator("td").last).to_contain_text("+" if second > first else "−")
    share = percent(float(spec.arrays["variation"][1, 1]))
    expect(panel).to_contain_text(f"{share} of the weight goes to others")
    page = ready(open_page(page_of(spec), fragment="layer=0&at=4"))
    expect(page.locator(".readout")).to_contain_text("One of the two has no token here.")


def test_keys_lists_and_the_address_share_one_selection(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec)))
    opens = spec.header["opens"]
    chosen = page.locator(".rerouted [aria-pressed=true]")
    told = f"{round(float(spec.arrays['rerouted'][opens['slot']]) * 3)} of 3"
    expect(chosen).to_contain_text(told)
    page.locator(".rerouted button").nth(1).click()
    expect(page).to_have_url(re.compile(r"at=\d+"))
    grid = page.locator(".grid")
    grid.focus()
    page.keyboard.press("Home")
    expect(page.locator(".readout h2")).to_contain_text("The in layer")
    page.keyboard.press("PageUp")
    expect(page).to_have_url(re.compile("layer=3"))
    expect(page.get_by_role("heading", name="Load in layer 3")).to_be_visible()
    load = spec.arrays["load"][:, 2, :4]
    most = int(np.argmax(np.abs(load[1] - load[0])))
    bars = page.locator(".pair-loads button")
    expect(bars).to_have_count(4)
    expect(bars.first).to_contain_text(f"{most}")
    sides = [percent(float(side)) for side in load[:, most]]
    expect(bars.first).to_contain_text(f"{sides[0]} → {sides[1]}")
    bars.first.click()
    expect(page).to_have_url(re.compile("colour=expert"))
    expect(page.get_by_text(f"weight of expert {most}")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 400])
def test_long_texts_fit(open_page: OpenPage, width: int) -> None:
    texts = [trace.tokens.texts for trace in long_pair(400)]
    words = vocabulary(*texts)
    data = compare(*(routed_text(text, words, n) for n, text in enumerate(texts)), lens="experts")
    page = ready(open_page(page_of(spec_of(data)), width=width, dark=True))
    expect(page.locator(".rerouted button")).to_have_count(10)
    fits(page)
