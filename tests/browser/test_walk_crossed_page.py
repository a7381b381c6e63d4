"""The walk's page of an encoder, and of a decoder that looks at its source."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import cutaway as ct
from cutaway.render.page import page as page_of
from tests.models import MASK, tiny

from ..model.seq2seq import SOURCE, TARGET, opened
from .conftest import OpenPage, fits, ready


def step_of(spec, name: str) -> str:
    return f"step={[step['name'] for step in spec.header['steps']].index(name)}"


@pytest.fixture(scope="module")
def masked():
    lm = ct.wrap(*tiny("masked bert"))
    return ct.walk(lm.trace(f"The capital of {MASK} is Paris."), layer=1).spec


@pytest.fixture(scope="module")
def crossed():
    lm = opened("bart")
    return ct.walk(lm.trace(SOURCE, target=TARGET), at=3, layer=1).spec


def test_an_encoder_sees_both_sides_keeps_no_cache_and_ends_in_its_head(
    open_page: OpenPage, masked
):
    page = ready(open_page(page_of(masked), fragment=step_of(masked, "weights")))
    expect(page.locator(".sentence").first).to_contain_text("In its place the model says")
    stack = page.get_by_role("navigation", name="Where in the model")
    expect(stack.get_by_role("button")).to_have_text(["head", "MLP", "attention", "embedding"])
    grid = page.locator(".walk-step > .grid")
    grid.focus()
    page.keyboard.press("End")
    expect(page.locator(".walk-step > .about").last).to_contain_text(
        f"on {masked.header['inputs'][-1]}"
    )
    expect(page.get_by_text("key-value cache")).to_have_count(0)


def test_the_source_has_its_part_of_the_map_its_tokens_and_its_matrix(open_page: OpenPage, crossed):
    page = ready(open_page(page_of(crossed)))
    stack = page.get_by_role("navigation", name="Where in the model")
    stack.get_by_role("button", name="source", exact=True).click()
    expect(page.locator(".walk-step > .about").first).to_contain_text("Attention to the source")
    page = ready(open_page(page_of(crossed), fragment=step_of(crossed, "cross_weights")))
    matrix = page.locator(".walk-matrix")
    expect(matrix).to_have_count(1)
    expect(matrix.get_by_role("heading")).to_have_text("The rows of all tokens, on the source")
    matrix.locator(".grid").focus()
    page.keyboard.press("End")
    last = crossed.header["source"]["inputs"][-1]
    told = f"From {crossed.header['inputs'][3]}, {last} gets"
    expect(matrix.locator(".about")).to_have_text(re.compile(f"^{re.escape(told)}"))
    fits(page)
