"""Comparisons as saved pages: one selection of head and tokens, by pointer and by keyboard."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cutaway.core.numbers import percent
from cutaway.lens.compare import compare
from cutaway.lens.compare_attention import head_differences
from cutaway.render.page import page as page_of
from cutaway.view.compare_attention import compare_attention_spec
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from ..lens.compared import HEADS, B, crossed_pair, long_pair, pair
from .conftest import OpenPage, fits, holds, ready
from .test_hostile_tokens import ATTACK

NAMES = ("she", "he")


def compared(traces: Any, **options: int) -> tuple[Spec, np.ndarray]:
    data = compare(*traces, lens="attention", names=NAMES)
    figures = head_differences(data)
    return compare_attention_spec(data.assign(figures.data_vars), **options), data["weight"].values


@pytest.fixture(scope="module")
def heads() -> tuple[Spec, np.ndarray]:
    return compared(pair())


@pytest.fixture(scope="module")
def grid() -> Spec:
    return spec_of(compare(*pair(), names=NAMES, k=3))


def panel(page: Page) -> Locator:
    return page.locator(".readout")


def points(share: float) -> str:
    """As the page prints a difference of shares: at most three figures."""
    size = f"{abs(100 * share):.2f}" if abs(share) < 0.1 else f"{abs(100 * share):.1f}"
    return ("+" if share > 0 else "−") + size + " points"


def test_it_opens_with_the_head_and_token_that_differ_most(
    open_page: OpenPage, heads: tuple[Spec, np.ndarray]
) -> None:
    spec, weight = heads
    page = ready(open_page(page_of(spec)))
    layer, head = map(int, spec.header["opens"]["head"].split("."))
    at, key = spec.header["opens"]["at"], spec.header["opens"]["key"]
    title = f"Layer {layer}, head {head}"
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    first = page.locator(".ranked").first
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(first).to_contain_text(percent(float(spec.arrays["variation"][layer, head])))
    a, b = np.nan_to_num(weight[:2, layer, head, at, key])
    best = panel(page).locator(".versus").first
    expect(best.locator("b")).to_have_text(points(float(b - a)))
    expect(best.locator("span.amount")).to_have_text([percent(float(a)), percent(float(b))])


def test_the_strip_has_both_tokens_where_they_differ(
    open_page: OpenPage, heads: tuple[Spec, np.ndarray]
) -> None:
    page = ready(open_page(page_of(heads[0])))
    options = page.locator(".strip").get_by_role("option")
    expect(options).to_have_count(len(B))
    expect(options.last).to_have_text("·She·He")
    expect(options.nth(4)).to_have_text("∅·old")
    expect(options.nth(1).locator("small")).to_have_count(0)


def test_a_click_in_the_list_and_arrow_keys_in_the_grid_choose_a_head(
    open_page: OpenPage, heads: tuple[Spec, np.ndarray]
) -> None:
    spec, _ = heads
    order = np.argsort(-spec.arrays["variation"], axis=None, kind="stable")
    page = ready(open_page(page_of(spec)))
    page.locator(".ranked").nth(3).click()
    layer, head = divmod(int(order[3]), HEADS)
    expect(page).to_have_url(re.compile(rf"head={layer}\.{head}"))
    expect(page.get_by_role("heading", name=f"Layer {layer}, head {head}")).to_be_visible()
    expect(page.locator(".ranked").nth(3)).to_have_attribute("aria-pressed", "true")
    page.locator(".apart .grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown" if layer < 2 else "ArrowUp")
    to = layer + 1 if layer < 2 else layer - 1
    expect(page).to_have_url(re.compile(rf"head={to}\.0"))
    expect(page.get_by_role("heading", name=f"Layer {to}, head 0", exact=True)).to_be_visible()


def test_hover_and_arrow_keys_in_the_matrix_tell_both_weights(
    open_page: OpenPage, heads: tuple[Spec, np.ndarray]
) -> None:
    spec, weight = heads
    page = ready(open_page(page_of(spec), fragment="head=1.2&at=7&key=0"))
    told = page.get_by_text(re.compile(r"^·She / ·He on "))
    a, b, gap = (float(w) for w in weight[:, 1, 2, 7, 0])
    expect(told).to_have_text(
        f"·She / ·He on The: she {percent(a)}, he {percent(b)}, difference {points(gap)}"
    )
    page.locator(".matrices .grid").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("key=1"))
    expect(told).to_contain_text("on ·doctor: she ")
    page.keyboard.press("ArrowUp")
    expect(panel(page).locator("h2")).to_have_text("At .")
    expect(page.locator(".strip .is-chosen")).to_have_text(".")
    # A cell of a token that the first run has not got.
    box = page.locator(".matrices .grid canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 42)
    expect(page.get_by_text("could not see it")).to_be_visible()


def test_side_by_side_the_two_runs_share_the_selection(
    open_page: OpenPage, heads: tuple[Spec, np.ndarray]
) -> None:
    page = ready(open_page(page_of(heads[0])))
    expect(page.locator(".matrices figure")).to_have_count(1)
    page.get_by_role("button", name="side by side").click()
    expect(page.locator(".matrices figcaption")).to_have_text(["she", "he"])
    page.locator(".matrices .grid").last.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("form=sides"))
    expect(page.get_by_text(re.compile("on The: she "))).to_be_visible()
    page.reload()
    expect(page.locator(".matrices figcaption")).to_have_text(["she", "he"])


def test_heads_are_ranked_at_the_chosen_token(
    open_page: OpenPage, heads: tuple[Spec, np.ndarray]
) -> None:
    spec, _ = heads
    page = ready(open_page(page_of(spec), fragment="by=token&at=7"))
    rows = spec.arrays["rows"][..., 7]
    layer, head = divmod(int(rows.argmax()), HEADS)
    first = page.locator(".ranked").first
    expect(first).to_contain_text(f"Layer {layer}, head {head}")
    page.locator(".strip .token").nth(2).click()
    rows = spec.arrays["rows"][..., 2]
    layer, head = divmod(int(rows.argmax()), HEADS)
    expect(first).to_contain_text(f"Layer {layer}, head {head}")
    expect(first).to_contain_text(percent(float(rows.max() / 65535)))


def test_a_head_that_the_page_does_not_hold_is_said_in_words(open_page: OpenPage) -> None:
    spec, _ = compared(pair(), budget=1)
    out = np.argwhere(spec.arrays["place"] < 0)[0]
    page = ready(open_page(page_of(spec), fragment=f"head={out[0]}.{out[1]}"))
    expect(page.get_by_text("This page holds no weights of this head.")).to_be_visible()
    expect(page.get_by_text(f"layers=[{out[0]}], heads=[{out[1]}]")).to_be_visible()
    page.locator(".ranked").first.click()
    expect(page.locator(".matrices figure")).to_be_visible()


def test_a_grid_tells_a_cell_of_both_runs(open_page: OpenPage, grid: Spec) -> None:
    page = ready(open_page(page_of(grid), fragment="row=1&col=1"))
    words, index = grid.header["vocabulary"], grid.arrays["top_index"]
    expect(panel(page).locator("h2")).to_have_text("At ·doctor")
    for run, name in enumerate(NAMES):
        box = panel(page).locator(".says").nth(run)
        expect(box.locator("h3")).to_have_text(f"{name} says")
        expect(box.locator(".bar code")).to_have_text([words[i] for i in index[run, 1, 1]])
    entropy = grid.arrays["entropy"][:, 1, 1]
    cells = panel(page).locator("tbody tr", has_text="entropy").locator("td")
    expect(cells.nth(0)).to_have_text(f"{entropy[0]:.2f}")
    page.locator(".grid").focus()
    page.keyboard.press("ArrowRight")
    expect(panel(page).locator("h2")).to_have_text("At ·asked")
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile("row=2"))


def test_a_grid_shows_either_run_or_another_quantity(open_page: OpenPage, grid: Spec) -> None:
    page = ready(open_page(page_of(grid)))
    expect(page.locator(".legend")).to_contain_text("more in he")
    page.get_by_role("button", name="she", exact=True).click()
    page.get_by_label("Quantity", exact=True).select_option("entropy")
    expect(page.locator(".legend")).to_contain_text("entropy of the layer's distribution")
    expect(page).to_have_url(re.compile("show=first&quantity=entropy"))
    page.reload()
    expect(page.get_by_role("button", name="she", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_where_two_runs_part_is_a_curve_and_words(open_page: OpenPage, grid: Spec) -> None:
    page = ready(open_page(page_of(grid), fragment="row=3&col=0"))
    same = grid.arrays["same_top"][:, 0]
    differ = np.flatnonzero(same == 0)
    words = f"after {len(differ)} of 4 rows" if differ.size else "the same after every layer"
    expect(page.get_by_text(words)).to_be_visible()
    page.locator("svg.lines").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("row=2"))
    # A token that one run has not got has no difference of states.
    page.locator(".grid").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("The residual states have no difference here")).to_be_visible()


@pytest.mark.parametrize("lens", ["watch", "saliency", "neurons"])
def test_other_lenses_are_grids_too(open_page: OpenPage, lens: str) -> None:
    options = {"watch": {"tokens": [" nurse", " old"]}}.get(lens, {})
    spec = spec_of(compare(*pair(), lens=lens, names=NAMES, **options))
    page = ready(open_page(page_of(spec)))
    expect(page.get_by_role("heading", name=spec.header["heading"])).to_be_visible()
    rows = panel(page).locator("tbody tr")
    expect(rows).to_have_count(len(spec.header["quantities"]))
    row, column = (spec.header["opens"][name] for name in ("row", "column"))
    name = spec.header["opens_with"]
    value = float(spec.arrays[name][2, row, column])
    sign = "+" if value > 0 else "−"
    expect(rows.first.locator("td").nth(2)).to_contain_text(sign if value else "0")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("T", [8, 64, 600])
def test_any_length_fits_a_narrow_window(open_page: OpenPage, T: int, dark: bool) -> None:
    traces = pair() if T == 8 else long_pair(T)
    for spec in (compared(traces)[0], spec_of(compare(*traces, names=NAMES))):
        page = ready(open_page(page_of(spec), width=400, dark=dark))
        fits(page)


def test_hostile_tokens_are_text(open_page: OpenPage) -> None:
    a = ("The", ATTACK, " said")
    for lens in ("attention", "logit_lens"):
        traces = pair(a, ("The", " nurse", " said"))
        spec = compared(traces)[0] if lens == "attention" else spec_of(compare(*traces))
        page = ready(open_page(page_of(spec)))
        expect(page.locator("img, iframe, object")).to_have_count(0)
        holds(page, "window.harm === undefined")


def test_cross_attention_has_a_strip_for_each_text(open_page: OpenPage) -> None:
    data = compare(*crossed_pair(), lens="attention", kind="cross", names=NAMES)
    figures = head_differences(data)
    spec = compare_attention_spec(data.assign(figures.data_vars))
    page = ready(open_page(page_of(spec), fragment="head=1.2&at=2&key=4"))
    targets = page.get_by_role("listbox", name=re.compile("^Targets of both runs"))
    sources = page.get_by_role("listbox", name=re.compile("^Sources of both runs"))
    expect(targets.get_by_role("option")).to_have_count(5)
    expect(sources.get_by_role("option")).to_have_count(8)
    expect(sources.locator(".is-chosen")).to_have_text("·march·may")
    expect(panel(page)).to_contain_text("position 2 of the target")
    expect(panel(page).get_by_role("heading", name="Looks at ·march")).to_contain_text(
        "of the source"
    )
    row = spec.arrays["place"][1, 2]
    a, b = (spec.arrays[n][row].reshape(5, 8)[2, 4] / 65535 for n in ("first", "second"))
    told = page.get_by_text(re.compile("^-03 / -05 on ·march / ·may"))
    expect(told).to_contain_text(f"she {percent(a)}, he {percent(b)}, difference {points(b - a)}")
    sources.locator(".is-chosen").focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("key=0"))
    matrix = page.locator(".matrices .grid")
    expect(matrix).to_have_attribute("aria-label", re.compile("5 tokens on 8 tokens"))
    matrix.focus()
    page.keyboard.press("End")
    expect(sources.locator(".is-chosen")).to_have_text("</s>")
    fits(page)
