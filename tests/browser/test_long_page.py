"""Pages of 4,096 tokens: few nodes, and every token is reached by scrolling, keys and address."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cutaway.lens.factors import factors
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of
from tests.lens.fakes import fake_trace

from .conftest import OpenPage, holds, ready

T = 4096


@pytest.fixture(scope="module")
def html() -> str:
    """Factors of random activations; token i is called ·token<i>, so that none is another's."""
    rng = np.random.default_rng(0)
    trace = fake_trace([rng.normal(size=(T, 12)) for _ in range(2)], n_prompt=T - 8)
    labels = tuple(f"·token{i}" for i in range(T))
    return page_of(spec_of(factors(replace(trace, tokens=replace(trace.tokens, labels=labels)))))


def strip(page: Page) -> Locator:
    return page.get_by_role("listbox", name="The tokens, painted by factor")


def seen(page: Page) -> list[int]:
    """The numbers of the tokens to be seen in the strip, once it has followed its scrolling."""
    found: list[int] = strip(page).evaluate("""async (box) => {
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        const { top, bottom } = box.getBoundingClientRect();
        return [...box.querySelectorAll(".token")].filter((node) => {
            const at = node.getBoundingClientRect();
            return at.bottom > top && at.top < bottom;
        }).map((node) => Number(node.textContent.match(/token(\\d+)/)[1]));
    }""")
    return found


def test_few_of_the_tokens_are_nodes_and_the_chosen_one_is_in_view(open_page: OpenPage, html: str):
    page = ready(open_page(html))
    assert page.locator(".cutaway *").count() < 2000
    expect(strip(page).get_by_role("option", selected=True)).to_contain_text(f"·token{T - 1}")
    assert T - 1 in seen(page)
    chosen = strip(page).get_by_role("option", selected=True)
    expect(chosen).to_have_attribute("aria-posinset", str(T))
    expect(chosen).to_have_attribute("aria-setsize", str(T))


def test_scrolling_shows_every_token_once_and_in_order(open_page: OpenPage, html: str):
    page = ready(open_page(html))
    box, found = strip(page), set[int]()
    height = box.evaluate("(box) => box.scrollHeight")
    for top in range(0, height + 4000, 150):
        box.evaluate("(box, top) => { box.scrollTop = top; }", top)
        now = seen(page)
        assert now == list(range(now[0], now[-1] + 1))
        found |= set(now)
    assert found == set(range(T))


def test_keys_and_the_address_reach_tokens_that_are_no_nodes(open_page: OpenPage, html: str):
    page = ready(open_page(html, fragment="at=2000"))
    chosen = strip(page).get_by_role("option", selected=True)
    expect(chosen).to_contain_text("·token2000")
    assert 2000 in seen(page)
    chosen.focus()
    for key, number in (("ArrowRight", 2001), ("Home", 0), ("ArrowRight", 1), ("End", T - 1)):
        page.keyboard.press(key)
        expect(chosen).to_contain_text(re.compile(rf"^·token{number}$"))
        expect(chosen).to_be_focused()
        assert number in seen(page)
    # what has the focus stays, however far the text is scrolled away from it
    strip(page).evaluate("(box) => { box.scrollTop = 0; }")
    holds(page, "() => document.querySelector('.strip .token').textContent === '·token0'")
    expect(chosen).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_contain_text(f"·token{T - 2}")
    assert T - 2 in seen(page)


def test_a_token_is_chosen_by_a_click_after_scrolling(open_page: OpenPage, html: str):
    page = ready(open_page(html))
    strip(page).evaluate("(box) => { box.scrollTop = box.scrollHeight / 2; }")
    number = seen(page)[40]
    token = strip(page).get_by_role("option", name=f"·token{number}", exact=True)
    token.click()
    expect(token).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(rf"at={number}\b"))
