"""The anatomy page: a row per part, the counts, and what is proven of the model."""

from __future__ import annotations

from playwright.sync_api import expect

from cutaway.lens.anatomy import anatomy
from cutaway.render.page import page
from cutaway.view.kinds import spec_of
from tests.app.parts import HERE, PARTS

from .conftest import OpenPage, fits


def test_parts_and_what_is_proven(open_page: OpenPage) -> None:
    opened = open_page(page(spec_of(anatomy(HERE, PARTS))))
    rows = opened.locator("table.anatomy tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.nth(1).locator("th, td")).to_have_text(
        ["mlp of blocks 0–1", "model.layers.*.mlp", "192", "27.0 %", "down.weight 8 × 12"]
    )
    expect(rows.nth(4)).to_contain_text("weight 40 × 8 (one with model.embed.weight)")
    expect(opened.locator("table.anatomy tfoot")).to_contain_text("712")
    expect(opened.get_by_text("proven: the last state gives the logits")).to_be_visible()
    expect(
        opened.get_by_text("not available, because attention and MLP read the same state")
    ).to_be_visible()


def test_a_narrow_page_does_not_scroll_sideways(open_page: OpenPage) -> None:
    opened = open_page(page(spec_of(anatomy(HERE, PARTS))), width=400)
    expect(opened.locator("table.anatomy")).to_be_visible()
    fits(opened)
