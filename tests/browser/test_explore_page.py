"""The explorer: picking, the tree, exact sliders on a saved page, and growing in a notebook."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Page, expect
from transformers.generation import logits_process as warpers

import cutaway as ct
from cutaway.core.numbers import percent
from cutaway.render.page import page as page_of

from .conftest import OpenPage, fits, ready
from .test_widget import NOTEBOOK, draw

PROMPT = "The keys to the"


@pytest.fixture
def view(tiny_lm):
    """Nodes: 0 the prompt, 1 its first candidate, 2 and 3 two after that, 4 the second of 0."""
    view = ct.explore(tiny_lm, PROMPT)
    return view.pick(1).pick(1).back().pick(2).go(0).pick(2).go(0).sample(3, max_new_tokens=3)


def line(page: Page, place: int):
    return page.locator(".explore-line").nth(place)


def at(page: Page, node: int):
    chosen = page.locator(".explore-tree [aria-selected='true']")
    expect(chosen).to_have_attribute("data-node", str(node))


def test_candidates_are_picked_by_click_digit_and_enter(open_page: OpenPage, view):
    page = ready(open_page(page_of(view.spec)))
    expect(page.locator(".explore-line")).to_have_count(10)
    line(page, 0).click()
    at(page, 1)
    expect(page.locator(".token.is-produced")).to_have_count(1)
    expect(line(page, 0)).to_be_focused()
    page.keyboard.press("2")
    at(page, 3)
    page.keyboard.press("Backspace")
    at(page, 1)
    page.keyboard.press("Enter")
    at(page, 2)
    expect(page).to_have_url(re.compile(r"#node=2$"))
    page.reload()
    at(ready(page), 2)
    page.get_by_role("button", name="← back").click()
    at(page, 1)


def test_the_tree_is_walked_with_the_arrow_keys(open_page: OpenPage, view):
    page = ready(open_page(page_of(view.spec)))
    page.locator("[data-node='0']").focus()
    for key, node in [
        ("ArrowRight", 1), ("ArrowDown", 2), ("ArrowDown", 3), ("ArrowLeft", 1), ("End", 4),
    ]:  # fmt: skip
        page.keyboard.press(key)
        expect(page.locator(f"[data-node='{node}']")).to_be_focused()
    at(page, 0)
    page.keyboard.press("Enter")
    at(page, 4)
    expect(page.locator("[data-node='4']")).to_be_focused()


def test_what_a_saved_page_lacks_is_named_with_its_call(open_page: OpenPage, view):
    page = ready(open_page(page_of(view.spec)))
    expect(line(page, 1)).to_contain_text("explored")
    expect(page.get_by_role("button", name="sample 20")).to_have_count(0)
    line(page, 6).click()
    token = int(view.data["token_id"].values[6])
    expect(page.locator(".explore-told")).to_contain_text(f"view.go(0).pick(token_id={token})")
    at(page, 0)
    expect(page.locator(".explore-samples li")).to_have_count(3)
    line(page, 0).click()
    expect(page.locator(".explore-told")).to_be_empty()


@pytest.mark.parametrize("options", [
    (0.7, None, 0.9), (1.0, 3, None), (1.6, 40, 0.55), (0.1, None, None), (2.0, 100, 0.3),
])  # fmt: skip
def test_the_sliders_are_transformers_warpers_on_real_rows(open_page: OpenPage, smol, options):
    temperature, top_k, top_p = options
    view = ct.explore(smol, "The capital of France is")
    ids = list(smol.trace("The capital of France is").token_ids)
    with torch.no_grad():
        scores = smol.model(torch.tensor([ids])).logits[:, -1].double()
    scores = warpers.TemperatureLogitsWarper(temperature)(None, scores)
    chosen = [f"temperature={temperature:g}"]
    if top_k is not None:
        scores = warpers.TopKLogitsWarper(top_k)(None, scores)
        chosen.append(f"top_k={top_k}")
    if top_p is not None:
        scores = warpers.TopPLogitsWarper(top_p)(None, scores)
        chosen.append(f"top_p={top_p}")
    share = scores[0].softmax(-1)
    expected = [float(share[i]) for i in view.data["token_id"].values]
    page = ready(open_page(page_of(view.spec), fragment="&".join(chosen)))
    for place, drawn in enumerate(expected):
        words = percent(drawn) if drawn else "out"
        expect(line(page, place).locator(".amount").nth(1)).to_have_text(words)
    left = int((share > 0).sum())
    said = f"{left:,} tokens can be drawn" if left > 1 else "1 token can be drawn"
    if top_k is not None or top_p is not None:
        expect(page.get_by_role("status").first).to_contain_text(said)


def test_a_slider_is_moved_with_the_keys_and_says_what_it_can_not(open_page: OpenPage, smol):
    page = ready(open_page(page_of(ct.explore(smol, "The").spec)))
    slider = page.get_by_label("top-p")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"top_p=0\.99$"))
    expect(page.get_by_role("status").first).to_contain_text("More than 200 tokens are left")
    expect(line(page, 0).locator(".amount").nth(1)).to_have_text("–")
    page.keyboard.press("End")
    expect(page.get_by_role("status").first).to_contain_text("All 49,152 tokens")


def test_a_notebook_grows_the_tree_and_python_goes_along(open_page: OpenPage, tiny_lm):
    view = ct.explore(tiny_lm, PROMPT)
    before = view.trace().token_ids
    token = int(view.data["token_id"].values[3])
    page = open_page(NOTEBOOK)
    draw(page, view._live_spec, view.answer)
    line(page, 3).click()
    at(page, 1)
    assert view.trace().token_ids == (*before, token)
    page.get_by_role("button", name="sample 20").click()
    expect(page.locator(".explore-samples li")).to_have_count(20)
    means = page.locator(".explore-samples li .amount").all_inner_texts()
    numbers = [float(mean.replace("−", "-")) for mean in means]
    assert numbers == sorted(numbers, reverse=True)
    page.locator("[data-node='0'] > .explore-node").first.click()
    at(page, 0)
    expect(line(page, 3)).to_contain_text("explored")


def test_a_refusal_of_the_model_is_shown_in_its_words(open_page: OpenPage):
    from tests.models import tiny

    lm = ct.wrap(*tiny("llama"))
    lm.model.config.bos_token_id = None
    view = ct.explore(lm, PROMPT)
    page = open_page(NOTEBOOK)
    draw(page, view._live_spec, view.answer)
    page.get_by_role("button", name="ramble").click()
    expect(page.locator(".explore-told")).to_contain_text("missing a start token")


@pytest.mark.parametrize("width", [400, 900])
def test_it_fits_a_narrow_window(open_page: OpenPage, view, width: int):
    fits(ready(open_page(page_of(view.spec), width=width)))
