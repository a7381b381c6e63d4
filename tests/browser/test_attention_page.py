"""The attention page: all heads, one enlarged, a token's numbers, by pointer and by keyboard."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cutaway.core.numbers import quantity
from cutaway.lens.attention import attention
from cutaway.lens.heads import head_figures, row_figures, with_figures
from cutaway.render.page import page as page_of
from cutaway.view.attention import attention_spec
from cutaway.view.spec import Spec

from ..lens.made import WORDS, firing_trace
from ..lens.test_heads import WeightSource
from .conftest import OpenPage, fits, holds
from .test_hostile_tokens import OTHERS, PIECES, WHOLE, unharmed, words

LAYERS, HEADS = 3, 4


def weights_of(T: int) -> np.ndarray:
    scores = np.random.default_rng(0).normal(size=(LAYERS, HEADS, T, T)) * 2
    scores[..., 0] += 2
    weights = np.exp(scores) * np.tri(T)
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def picture(
    T: int = 8, labels: tuple[str, ...] = (), budget: int | None = None, **options: Any
) -> Spec:
    bare = firing_trace(T, layers=LAYERS)
    if labels:
        bare = replace(bare, tokens=replace(bare.tokens, labels=labels))
    counts = (HEADS,) * LAYERS
    card = replace(bare.card, heads=counts, kv_heads=(2,) * LAYERS)
    trace = replace(bare, card=card, source=WeightSource(weights_of(T)))  # type: ignore[arg-type]
    weights = attention(trace, **options)
    each = "head" in weights.dims
    data = with_figures(weights, head_figures(trace) if each else row_figures(trace, weights))
    return attention_spec(data, budget=budget)


@pytest.fixture(scope="module")
def spec() -> Spec:
    return picture()


def ready(page: Page) -> Page:
    expect(page.locator(".cutaway[data-ready]")).to_be_visible()
    return page


def panel(page: Page) -> Locator:
    return page.locator(".card:has(.both-ways)")


def told(weight: float) -> str:
    """As the page prints it: two figures."""
    value = 100 * weight
    if value >= 9.95:
        return f"{value:.0f} %"
    return f"{value:.1f} %" if value >= 0.995 else f"{value:.2f} %"


def level(weight: float) -> float:
    """What 8 bits keep of a weight."""
    return float((np.rint(255 * np.sqrt(weight)) / 255) ** 2)


def test_it_opens_with_the_head_that_leads(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec)))
    expect(page.get_by_role("heading", name="Where it looked")).to_be_visible()
    lead = [entry["name"] for entry in spec.header["figures"]].index(spec.header["opens_with"])
    layer, head = divmod(int(np.nanargmax(spec.arrays["figures"][lead])), HEADS)
    title = f"Layer {layer}, head {head}"
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_text(f"key-value group {head // 2}, heads")).to_be_visible()
    expect(page.get_by_text("All 12 heads are in this page")).to_be_visible()
    expect(page.get_by_text("% of mass drawn")).to_be_visible()


def test_arrow_keys_and_enter_choose_a_head(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="head=0.0"))
    page.locator(".thumbnails").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"^Layer 1, head 1: \w+ "))).to_be_visible()
    expect(page.get_by_role("heading", name="Layer 0, head 0", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Layer 1, head 1", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"head=1\.1"))


def test_a_click_enlarges_the_first_head_of_an_order(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="head=0.0"))
    page.get_by_label("Order of the heads").select_option("entropy")
    page.locator(".thumbnails").click(position={"x": 12, "y": 12})
    names = [entry["name"] for entry in spec.header["figures"]]
    values = spec.arrays["figures"][names.index("entropy")]
    layer, head = divmod(int(values.argmax()), HEADS)
    expect(page).to_have_url(re.compile(rf"head={layer}\.{head}"))
    entropy = quantity(float(values.max()), "nats")
    expect(page.get_by_text(f"Layer {layer}, head {head}: entropy {entropy}")).to_be_visible()


def test_a_token_tells_its_weights_by_keyboard_and_by_hover(
    open_page: OpenPage, spec: Spec
) -> None:
    weights = weights_of(8)[1, 2]
    page = ready(open_page(page_of(spec), fragment="head=1.2&at=4"))
    expect(panel(page).locator("h2")).to_have_text(f"At {WORDS[4]}, position 4")
    best = float(weights[4].max())
    first = panel(page).locator(".both-ways > div").first.locator(".bar").first
    expect(first).to_contain_text(told(level(best)))
    expect(first).to_contain_text(WORDS[int(weights[4].argmax())])
    page.locator(".columns").focus()
    page.keyboard.press("ArrowUp")
    expect(panel(page).locator("h2")).to_have_text(f"At {WORDS[3]}, position 3")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("side=key"))
    page.locator(".columns").hover(position={"x": 30, "y": 6 * 20 + 10})
    expect(panel(page).locator("h2")).to_have_text(f"At {WORDS[6]}, position 6")
    incoming = panel(page).locator(".both-ways > div").nth(1).locator(".bar").first
    expect(incoming).to_contain_text(told(level(float(weights[6:, 6].max()))))
    page.get_by_role("heading", name="Where it looked").hover()
    expect(panel(page).locator("h2")).to_have_text(f"At {WORDS[3]}, position 3")
    page.locator(".columns").click(position={"x": 30, "y": 5 * 20 + 10})
    page.get_by_role("heading", name="Where it looked").hover()
    expect(panel(page).locator("h2")).to_have_text(f"At {WORDS[5]}, position 5")
    expect(page).to_have_url(re.compile("at=5"))


def test_the_first_token_is_hidden_and_the_rest_sums_to_one(
    open_page: OpenPage, spec: Spec
) -> None:
    page = ready(open_page(page_of(spec), fragment="head=1.2&at=1"))
    button = page.get_by_role("button", name="hide first token and renormalise")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("first=hidden"))
    outgoing = panel(page).locator(".both-ways > div").first.locator(".bar")
    expect(outgoing).to_have_count(1)  # position 1 saw itself and the first token
    expect(outgoing).to_contain_text("100 %")


def test_the_mass_that_is_drawn_follows_the_slider(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="head=1.2"))
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_text("100 % of mass drawn")).to_be_visible()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("mass=50"))
    expect(page.get_by_text(re.compile(r"^(5|6|7|8)\d % of mass drawn"))).to_be_visible()


def test_the_matrix_tells_each_weight(open_page: OpenPage, spec: Spec) -> None:
    weights = weights_of(8)[1, 2]
    page = ready(open_page(page_of(spec), fragment="head=1.2&form=matrix&at=4"))
    grid = page.get_by_role("application", name="Weights of 8 tokens on 8 tokens")
    grid.focus()
    page.keyboard.press("ArrowRight")
    words = f"{WORDS[4]} on {WORDS[1]}: {told(level(float(weights[4, 1])))}"
    expect(page.get_by_text(words)).to_be_visible()
    page.get_by_role("button", name="lines").click()
    expect(page.locator(".columns")).to_be_visible()


def test_the_numbers_can_be_read_as_a_table(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="head=0.1&at=7"))
    page.get_by_text("Read as a table").click()
    rows = panel(page).locator("tbody tr")
    expect(rows).to_have_count(8)
    weights = weights_of(8)[0, 1, 7]
    expect(rows.first).to_contain_text(WORDS[int(weights.argmax())])
    expect(rows.first).to_contain_text(told(level(float(weights.max()))))


def test_a_head_that_is_not_in_the_page_says_how_to_see_it(open_page: OpenPage) -> None:
    spec = picture(budget=0)
    page = ready(open_page(page_of(spec), fragment="head=2.3"))
    expect(page.get_by_text("ct.attention(trace, layers=[2], heads=[3])")).to_be_visible()
    expect(page.get_by_text("0 of 12 heads are in this page")).to_be_visible()
    expect(page.get_by_role("heading", name="Layer 2, head 3 in figures")).to_be_visible()


@pytest.mark.parametrize("form", ["lines", "matrix"])
@pytest.mark.parametrize("hostile", [WHOLE, PIECES, OTHERS], ids=["whole", "pieces", "others"])
def test_hostile_tokens_are_text(open_page: OpenPage, hostile: tuple[str, ...], form: str) -> None:
    spec = picture(len(hostile) + 3, labels=words(*hostile)[: len(hostile) + 3])
    page = open_page(page_of(spec), fragment=f"form={form}&at=0&first=shown")
    unharmed(page)
    expect(panel(page).locator("h2 code")).to_have_text(hostile[0])
    page.get_by_text("Read as a table").click()
    unharmed(page)


@pytest.mark.parametrize("fragment", ["", "view=heads", "versus=0.0&head=2.1"])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_window(
    open_page: OpenPage, spec: Spec, dark: bool, fragment: str
) -> None:
    page = ready(open_page(page_of(spec), width=400, dark=dark, fragment=fragment))
    fits(page)


@pytest.mark.parametrize("form", ["lines", "matrix"])
def test_a_long_text_draws_its_window_only(open_page: OpenPage, form: str) -> None:
    page = ready(open_page(page_of(picture(600)), fragment=f"form={form}&head=1.1&at=10"))
    expect(panel(page).locator("h2")).to_contain_text("position 10")
    canvas = page.locator(".pane .grid canvas").first
    expect(canvas).to_be_visible()
    holds(page, "document.querySelector('.looked .grid canvas').clientHeight <= window.innerHeight")
    page.locator(".looked .grid").focus()
    page.keyboard.press("End")
    if form == "lines":
        expect(panel(page).locator("h2")).to_contain_text("position 599")
