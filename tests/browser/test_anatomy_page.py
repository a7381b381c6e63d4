"""The anatomy page: the stack, the tally, a row per part, and what is proven of the model."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from cutaway.lens.anatomy import anatomy
from cutaway.render.page import page
from cutaway.view.kinds import spec_of
from tests.app.parts import HERE, PARTS

from .conftest import OpenPage, fits

HTML = page(spec_of(anatomy(HERE, PARTS)))


def part_is(opened: Page, name: str) -> None:
    expect(opened.locator(".readout h2")).to_have_text(name)


def test_parts_and_what_is_proven(open_page: OpenPage) -> None:
    opened = open_page(HTML)
    rows = opened.locator("table.anatomy tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.nth(1).locator("th, td")).to_have_text(
        ["MLP of blocks 0–1", "model.layers.*.mlp", "192", "27.0 %", "down.weight 8 × 12"]
    )
    expect(rows.nth(4)).to_contain_text("weight 40 × 8 (one with embedding)")
    expect(opened.locator("table.anatomy tfoot")).to_contain_text("712")
    expect(opened.get_by_text("proven: the last state gives the logits")).to_be_visible()
    expect(
        opened.get_by_text("not available, because attention and MLP read the same state")
    ).to_be_visible()


def test_the_tally_adds_up_and_says_what_is_tied(open_page: OpenPage) -> None:
    rows = open_page(HTML).locator("table.anatomy-tally tr")
    expect(rows.nth(1).locator("th, td")).to_have_text(["embedding", "", "", "320", "44.9 %"])
    expect(rows.nth(2).locator("th, td")).to_have_text(["MLP", "96 – 192", "3", "384", "53.9 %"])
    expect(rows.nth(4).locator("th, td")).to_have_text(["unembedding", "", "", "tied", ""])
    expect(rows.last.locator("th, td")).to_have_text(["total", "", "", "712", ""])


def test_the_stack_is_walked_with_keys_and_kept_in_the_address(open_page: OpenPage) -> None:
    opened = open_page(HTML)
    stack = opened.get_by_role("application", name="The model as a stack of 6 rows")
    part_is(opened, "MLP of block 0")
    expect(opened.locator(".readout")).to_contain_text("model.layers.0.mlp")
    stack.focus()
    for key, name in (
        ("ArrowUp", "MLP of block 1"), ("ArrowUp", "MLP of block 2"), ("Home", "unembedding"),
        ("ArrowUp", "unembedding"), ("End", "embedding"), ("ArrowUp", "MLP of block 0"),
    ):  # fmt: skip
        stack.press(key)
        part_is(opened, name)
    stack.press("Home")
    expect(opened.locator(".readout")).to_contain_text("One with embedding, and counted there")
    expect(opened).to_have_url(re.compile("#row=5$"))
    again = open_page(HTML, fragment=opened.url.split("#")[1])
    part_is(again, "unembedding")


def test_the_pointer_shows_a_part_and_a_click_keeps_it(open_page: OpenPage) -> None:
    opened = open_page(HTML)
    stack = opened.locator(".anatomy-stack")
    box = stack.bounding_box()
    assert box is not None
    at = {"x": box["width"] / 2, "y": box["height"] - 40}  # the embedding is the lowest
    stack.hover(position=at)
    part_is(opened, "embedding")
    opened.locator("h2").first.hover()
    part_is(opened, "MLP of block 0")
    stack.click(position=at)
    opened.locator("h2").first.hover()
    part_is(opened, "embedding")


def test_a_narrow_page_does_not_scroll_sideways(open_page: OpenPage) -> None:
    opened = open_page(HTML, width=400)
    expect(opened.locator("table.anatomy")).to_be_visible()
    fits(opened)
