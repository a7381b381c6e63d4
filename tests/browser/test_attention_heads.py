"""The heads of a layer, the filters, the comparison of two heads."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cutaway.app.attention import attention
from cutaway.core.numbers import quantity
from cutaway.render.page import page as page_of
from cutaway.view.spec import Spec

from ..lens.fakes import attention_trace
from ..lens.made import WORDS
from .conftest import OpenPage
from .test_attention_page import HEADS, LAYERS, level, picture, ready, told, weights_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return picture(split=4)


def kept(T: int = 8) -> np.ndarray:
    """What 8 bits keep of the weights."""
    return (np.rint(255 * np.sqrt(weights_of(T))) / 255) ** 2


def chip(page: Page, head: int) -> Locator:
    return page.get_by_role("button", name=f"head {head}", exact=True)


def expect_on(page: Page, *heads: int) -> None:
    for head in range(HEADS):
        state = "true" if head in heads else "false"
        expect(chip(page, head)).to_have_attribute("aria-pressed", state)


def columns(page: Page) -> Locator:
    return page.locator(".columns:visible").first


def short(weight: float) -> str:
    return told(weight).removesuffix(" %")


def test_a_click_turns_a_head_off_and_a_double_click_leaves_one(
    open_page: OpenPage, spec: Spec
) -> None:
    page = ready(open_page(page_of(spec), fragment="view=heads&head=1.0"))
    expect(page.get_by_label("Layer", exact=True)).to_have_value("1")
    expect(page.get_by_role("group", name="key-value group 1")).to_be_visible()
    expect(page.get_by_text("the mean of the 4 heads shown")).to_be_visible()
    chip(page, 2).click()
    expect(page).to_have_url(re.compile(r"on=0\.1\.3"))
    expect(page.get_by_text("the mean of the 3 heads shown")).to_be_visible()
    chip(page, 1).dblclick()
    expect(page).to_have_url(re.compile(r"on=1(&|$)"))
    expect_on(page, 1)
    page.reload()
    ready(page)
    expect_on(page, 1)
    chip(page, 1).dblclick()
    expect(page.get_by_text("the mean of the 4 heads shown")).to_be_visible()


def test_heads_and_layers_are_chosen_by_keyboard(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="view=heads&head=0.0"))
    chip(page, 3).focus()
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(re.compile(r"on=3(&|$)"))
    page.keyboard.press("Space")
    expect(page.get_by_text("No head is on")).to_be_visible()
    page.get_by_role("button", name="turn all on").click()
    expect(chip(page, 0)).to_have_attribute("aria-pressed", "true")
    before = page.get_by_role("button", name="layer before")
    expect(before).to_be_disabled()
    page.get_by_role("button", name="layer after").press("Enter")
    expect(page.get_by_label("Layer", exact=True)).to_have_value("1")
    expect(before).to_be_enabled()
    before.press("Enter")  # it can't be pressed any more, and keeps the keyboard
    expect(before).to_be_disabled()
    expect(before).to_be_focused()
    page.get_by_role("button", name="layer after").press("Enter")
    page.get_by_role("button", name="all heads", exact=True).press("Enter")
    expect(page.get_by_role("button", name="all heads", exact=True)).to_be_focused()
    expect(page.get_by_role("heading", name="Layer 1, head 0", exact=True)).to_be_visible()


def test_a_token_tells_the_weight_of_each_head(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="view=heads&head=2.0&at=6"))
    weights = kept()[2]
    outgoing = page.locator(".way", has_text="It looks at").locator("tbody tr")
    mean = weights[:, 6].mean(axis=0)
    best = int(mean.argmax())
    cells = [short(value) for value in (mean[best], *weights[:, 6, best])]
    expect(outgoing.first.locator("td")).to_have_text([WORDS[best], *cells])
    columns(page).hover(position={"x": 20, "y": 3 * 20 + 10})
    expect(page.get_by_role("heading", name=f"At {WORDS[3]}, position 3")).to_be_visible()
    box = columns(page).bounding_box()
    assert box is not None
    columns(page).hover(position={"x": box["width"] - 20, "y": 2 * 20 + 10})
    expect(page.get_by_role("heading", name=f"At {WORDS[2]}, position 2")).to_be_visible()
    incoming = page.locator(".way").first  # of a token that is looked at, these come first
    expect(incoming).to_contain_text("Looks at it")
    column = weights[:, 2:, 2].mean(axis=0)
    cells = [short(float(column.max()))]
    expect(incoming.locator("tbody tr").first.locator("td").nth(1)).to_have_text(cells[0])


def test_tokens_are_pinned_and_let_go(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="view=heads&head=1.0&at=2"))
    columns(page).click(position={"x": 20, "y": 4 * 20 + 10})
    columns(page).click(position={"x": 20, "y": 6 * 20 + 10}, modifiers=["Control"])
    page.get_by_role("heading", name="Where it looked").locator("visible=true").hover()
    panels = page.locator(".token-panel h2:visible")
    expect(panels).to_have_text([f"At {WORDS[6]}, position 6", f"At {WORDS[4]}, position 4"])
    expect(page).to_have_url(re.compile(r"pins=q4\.q6"))
    page.reload()
    ready(page)
    expect(panels).to_have_count(2)
    columns(page).focus()
    page.keyboard.press("ArrowUp")
    expect(panels).to_have_count(3)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"pins=q4\.q6\.q5"))
    columns(page).click(position={"x": 20, "y": 4 * 20 + 10}, modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"pins=q6\.q5"))
    page.get_by_role("heading", name="Where it looked").locator("visible=true").hover()
    expect(panels).to_have_text([f"At {WORDS[5]}, position 5", f"At {WORDS[6]}, position 6"])
    columns(page).focus()
    page.keyboard.press("Escape")
    expect(panels).to_have_text([f"At {WORDS[5]}, position 5"])
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("focus=all"))


@pytest.mark.parametrize("view", ["model", "heads"])
def test_lines_are_kept_between_the_parts_of_the_text(
    open_page: OpenPage, spec: Spec, view: str
) -> None:
    page = ready(open_page(page_of(spec), fragment=f"view={view}&head=1.2&on=2&mass=100"))
    weights = kept()[1, 2]
    shares = {"A → A": weights[:4, :4], "B → A": weights[4:, :4], "A → B": weights[:4, 4:]}
    group = page.get_by_role("radiogroup", name="Which part looks at which")
    for name, part in shares.items():
        group.get_by_role("radio", name=name).check()
        share = told(float(part.sum() / weights.sum())) if part.any() else "< 0.01 %"
        expect(page.get_by_text(f"{share} of mass drawn between these parts")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("part=ba"))
    page.reload()
    ready(page)
    expect(group.get_by_role("radio", name="B → A")).to_be_checked()


def test_heads_are_filtered_by_a_figure(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="by=entropy&least=50"))
    values = spec.arrays["figures"][
        [entry["name"] for entry in spec.header["figures"]].index("entropy")
    ]
    left = int((values >= (values.min() + values.max()) / 2).sum())
    count = LAYERS * HEADS
    assert 1 < left < count
    expect(page.get_by_text(f"{left} of {count} heads left")).to_be_visible()
    slider = page.get_by_role("slider", name="Least value of the figure")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_text(f"1 of {count} heads left")).to_be_visible()
    expect(page).to_have_url(re.compile("least=100"))
    page.get_by_label("Order of the heads").select_option("entropy")
    page.locator(".thumbnails").focus()
    page.keyboard.press("End")  # of the one head that is left
    page.keyboard.press("Enter")
    layer, head = divmod(int(values.argmax()), HEADS)
    expect(
        page.get_by_role("heading", name=f"Layer {layer}, head {head}", exact=True)
    ).to_be_visible()


def test_two_heads_are_compared(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec), fragment="head=0.1&at=6&form=matrix"))
    page.locator(".thumbnails").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Two heads compared")).to_be_visible()
    expect(page.get_by_role("heading", name="Layer 1, head 2", exact=True)).to_be_visible()
    differences = page.get_by_role("application", name="Differences of 8 tokens on 8 tokens")
    differences.focus()
    rows = kept()[1, 2, 6], kept()[0, 1, 6]
    key = int(np.abs(rows[0] - rows[1])[1:].argmax()) + 1
    for _ in range(key):
        page.keyboard.press("ArrowRight")
    first, second = float(rows[0][key]), float(rows[1][key])
    points = ("+" if second > first else "−") + short(abs(second - first))
    said = f"{WORDS[6]} on {WORDS[key]}: {told(first)}, then {told(second)}: {points} points"
    expect(page.get_by_text(said)).to_be_visible()
    expect(page).to_have_url(re.compile(r"versus=1\.2"))
    page.reload()
    ready(page)
    page.get_by_role("button", name="unpin layer 1, head 2").click()
    expect(page.get_by_role("heading", name="Two heads compared")).to_be_hidden()
    page.get_by_role("button", name="pin to compare").click()
    expect(page).to_have_url(re.compile(r"versus=0\.1"))


def test_layers_without_attention_and_absent_heads_are_said(open_page: OpenPage) -> None:
    bare = picture(budget=0)
    spec = replace(bare, header={**bare.header, "missing_layers": [3, 4, 6]})
    page = ready(open_page(page_of(spec), fragment="view=heads&head=1.0&on=0.3"))
    missing = page.get_by_text("Without attention, and so not here: layers 3–4, 6.")
    expect(missing.locator("visible=true")).to_have_count(1)
    expect(page.get_by_text("Not drawn: heads 0, 3.")).to_be_visible()
    expect(page.get_by_text("ct.attention(trace, layers=[1], heads=[0, 3])")).to_be_visible()


def test_norms_are_shares_of_a_sum_that_is_told(open_page: OpenPage) -> None:
    view = attention(attention_trace(n_layers=2, H=4, K=2, T=6), weighting="value_norm")
    page = ready(open_page(page_of(view.spec), fragment="head=1.2&at=4"))
    exact = view.data["weight"].values[1, 2, 4]
    page.get_by_text("Read as a table").click()
    row = page.locator(".datatable:visible tbody tr").first
    best = int(exact.argmax())
    total = float(exact.sum())
    share = level(float(exact[best]) / total)
    expect(row).to_contain_text(told(share))
    expect(row.locator("td").last).to_have_text(quantity(share * float(np.float32(total))))
    page.get_by_role("button", name="heads of a layer").click()
    sums = page.locator("tfoot:visible td")
    expect(sums.first).to_have_text("sum of value_norm")
    totals = view.data["weight"].values[1, :, 4].sum(axis=-1)
    expect(sums).to_have_text(["sum of value_norm", "", *(quantity(float(t)) for t in totals)])


@pytest.mark.parametrize("how", ["mean", "max"])
def test_an_aggregate_is_named(open_page: OpenPage, how: str) -> None:
    spec = picture(aggregate=how)
    page = ready(open_page(page_of(spec), fragment="head=1.0&form=matrix&at=5"))
    name = {"mean": "mean of its heads", "max": "most of its heads"}[how]
    expect(page.get_by_role("heading", name=f"Layer 1, {name}", exact=True)).to_be_visible()
    grid = page.get_by_role("application", name="Weights of 8 tokens on 8 tokens")
    grid.focus()
    page.keyboard.press("ArrowRight")
    weight = getattr(weights_of(8)[1, :, 5, 1], how)()
    said = f"{WORDS[5]} on {WORDS[1]}: {told(level(float(weight)))}"
    expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name="heads of a layer").click()
    expect(page.get_by_role("heading", name=f"Layer 1, {name}", exact=True)).to_be_visible()
    expect(page.locator(".head-chip")).to_have_count(0)
