"""One head, number by number, in the browser: its numbers are Python's, by pointer and by keys."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cutaway.core.numbers import percent, quantity
from cutaway.lens.attention_neuron import attention_neuron
from cutaway.render.page import page as page_of
from cutaway.trace.attention import AttentionCall
from cutaway.view.attention_neuron import attention_neuron_spec
from cutaway.view.spec import Spec

from ..lens.fakes import AttentionSource, attention_call, attention_trace
from ..lens.made import WORDS, worded
from .conftest import OpenPage, fits, holds, ready
from .test_hostile_tokens import OTHERS, PIECES, WHOLE, unharmed, words

T, D, HEAD = 8, 16, 3
CALL = attention_call(4, 2, T, D, 4)
#: What the page draws before its first cell, and between its blocks, in pixels.
LEFT, GAP, TITLES, ROW = 132, 14, 62, 20


def picture(call: AttentionCall = CALL, labels: tuple[str, ...] = ()) -> Spec:
    size = call.query.shape[1]
    trace = worded(attention_trace(1, 4, 2, size, D), size)
    if labels:
        trace = replace(trace, tokens=replace(trace.tokens, labels=labels))
    trace = replace(trace, source=AttentionSource({0: call}))  # type: ignore[arg-type]
    return attention_neuron_spec(attention_neuron(trace, 0, HEAD, -1))


@pytest.fixture(scope="module")
def html() -> str:
    return page_of(picture())


def said(value: float) -> str:
    return quantity(value).replace("-", "−")


def inner(value: float) -> str:
    """As it stands after another number."""
    return f"({said(value)})" if value < 0 else said(value)


def told(page: Page) -> Locator:
    return page.locator(".step-told")


def product(query: int, key: int, entry: int, call: AttentionCall = CALL) -> str:
    q, k = float(call.query[HEAD, query, entry]), float(call.key[1, key, entry])
    return f"query[{entry}] × key[{entry}] = {said(q)} × {inner(k)} = {said(q * k)}"


def leading(query: int, call: AttentionCall = CALL) -> tuple[int, int]:
    """The key a query looks at most, and the entry with the largest product."""
    key = int(call.weights([HEAD])[0, query].argmax())
    return key, int(np.abs(call.query[HEAD, query] * call.key[1, key]).argmax())


def rows_are(page: Page, query: int, call: AttentionCall) -> None:
    """The table has the scores and weights of the model's own function, most weight first."""
    score, weight = call.scores([HEAD])[0, query], call.weights([HEAD])[0, query]
    seen = [key for key in np.argsort(-weight, kind="stable").tolist() if np.isfinite(score[key])]
    rows = page.locator("details:has(> summary:text('Read as a table')) tbody tr")
    expect(rows).to_have_count(len(seen) + (call.sinks is not None))
    for row, key in enumerate(seen):
        expect(rows.nth(row).locator("th")).to_have_text(str(key))
        expect(rows.nth(row).locator("td").nth(2)).to_have_text(said(float(score[key])))
        expect(rows.nth(row).locator("td").nth(3)).to_have_text(percent(float(weight[key])))
    if call.sinks is not None:
        missing = percent(1 - float(weight.sum(dtype=float)))
        expect(rows.last.locator("td").nth(3)).to_have_text(missing)


def test_it_opens_with_the_largest_term_of_the_key_looked_at_most(
    open_page: OpenPage, html: str
) -> None:
    page = ready(open_page(html))
    heading = f"How head {HEAD} of layer 0 came by its weights"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    key, entry = leading(T - 1)
    expect(told(page)).to_have_text(product(T - 1, key, entry))
    expect(page.locator(".pair h2")).to_have_text(
        f"{WORDS[T - 1]} ({T - 1}) on {WORDS[key]} ({key})"
    )
    score = float(CALL.scores([HEAD])[0, T - 1, key])
    dot = float(CALL.products([HEAD])[0, T - 1, key])
    formula = f"{said(CALL.scale)} × {inner(dot)} = {said(score)}"
    expect(page.locator(".formula")).to_contain_text(formula)


def test_every_query_has_the_weights_of_the_model(open_page: OpenPage, html: str) -> None:
    page = ready(open_page(html))
    page.get_by_text("Read as a table").click()
    page.get_by_role("option", name=WORDS[T - 1]).focus()
    for query in reversed(range(T)):
        expect(page.locator(".token.is-chosen")).to_have_text(WORDS[query])
        rows_are(page, query, CALL)
        page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("at=0"))


def rich() -> AttentionCall:
    rng = np.random.default_rng(3)
    hidden = np.zeros((1, T, T), dtype=bool)
    hidden[0, 6, 4] = True
    return replace(
        CALL, cap=1.5, window=5, hidden=hidden, sinks=rng.normal(size=4).astype(np.float32),
        bias=rng.normal(size=(4, T, T)).astype(np.float32),
    )  # fmt: skip


def test_masks_biases_caps_and_sinks_are_counted(open_page: OpenPage) -> None:
    call = rich()
    page = ready(open_page(page_of(picture(call)), fragment="at=6&key=6&block=score"))
    page.get_by_text("Read as a table").click()
    rows_are(page, 6, call)
    page.locator(".steps-grid").focus()
    score = said(float(call.scores([HEAD])[0, 6, 6]))
    cap, bias = said(1.5), inner(float(call.bias[HEAD, 6, 6]))  # type: ignore[index]
    dot = inner(float(call.products([HEAD])[0, 6, 6]))
    capped = f"{cap} × tanh({said(call.scale)} × {dot} / {cap})"
    expect(told(page)).to_have_text(f"score of {WORDS[6]} (6) = {capped} + {bias} = {score}")
    page.keyboard.press("End")
    expect(told(page)).to_have_text(f"{WORDS[6]} (6) can't see {WORDS[7]} (7)")
    page.keyboard.press("ArrowDown")
    expect(told(page)).to_contain_text("score of no token")
    expect(page).to_have_url(re.compile("key=-2"))
    expect(page.get_by_text("a score on no token")).to_be_visible()


def test_arrow_keys_go_from_cell_to_cell_and_escape_goes_back(
    open_page: OpenPage, html: str
) -> None:
    page = ready(open_page(html, fragment="key=2&entry=5"))
    expect(told(page)).to_have_text(product(T - 1, 2, 5))
    page.locator(".steps-grid").focus()
    page.keyboard.press("ArrowDown")
    expect(told(page)).to_have_text(product(T - 1, 3, 5))
    page.keyboard.press("ArrowRight")
    expect(told(page)).to_have_text(product(T - 1, 3, 6))
    expect(page).to_have_url(re.compile("key=3&entry=6"))
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    value = said(float(CALL.query[HEAD, T - 1, 6]))
    expect(told(page)).to_contain_text(f"query[6] of {WORDS[T - 1]} ({T - 1}) = {value}")
    page.keyboard.press("Escape")
    expect(told(page)).to_have_text(product(T - 1, *leading(T - 1)))


def place(page: Page, block: int, entry: int, row: int) -> dict[str, float]:
    """Where a cell of the blocks key, product (0, 1) is drawn."""
    room = page.locator(".steps-grid").evaluate("node => node.clientWidth")
    fixed = LEFT + 6 * GAP + 78 + 60 + 104
    cell = min(56.0, (room - fixed) / (3 * D))
    x = LEFT + block * (D * cell + GAP) + (entry + 0.5) * cell
    return {"x": x, "y": TITLES + (row + 0.5) * ROW}


def test_the_pointer_tells_a_cell_and_leaves_it_again(open_page: OpenPage, html: str) -> None:
    page = ready(open_page(html, fragment="key=0&entry=0"))
    grid = page.locator(".steps-grid")
    grid.hover(position=place(page, 1, 9, 4))
    expect(told(page)).to_have_text(product(T - 1, 4, 9))
    grid.hover(position=place(page, 0, 2, 5))
    value = said(float(CALL.key[1, 5, 2]))
    expect(told(page)).to_contain_text(f"key[2] of {WORDS[5]} (5) = {value} =")
    expect(told(page)).to_contain_text("rotary turns entries 2 and 10 together")
    page.get_by_role("heading", name="How head").hover()
    expect(told(page)).to_have_text(product(T - 1, 0, 0))
    grid.click(position=place(page, 1, 9, 4))
    page.get_by_role("heading", name="How head").hover()
    expect(told(page)).to_have_text(product(T - 1, 4, 9))
    expect(page).to_have_url(re.compile("key=4&entry=9"))


def test_a_token_under_the_pointer_asks_for_as_long_as_it_is_there(
    open_page: OpenPage, html: str
) -> None:
    page = ready(open_page(html))
    page.get_by_role("option", name=WORDS[3]).hover()
    key, entry = leading(3)
    expect(told(page)).to_have_text(product(3, key, entry))
    page.get_by_role("heading", name="How head").hover()
    expect(told(page)).to_have_text(product(T - 1, *leading(T - 1)))
    page.get_by_role("option", name=WORDS[3]).click()
    page.get_by_role("heading", name="How head").hover()
    expect(told(page)).to_have_text(product(3, key, entry))


def test_before_rotary_there_are_other_vectors_and_the_same_weight(
    open_page: OpenPage, html: str
) -> None:
    page = ready(open_page(html, fragment="key=2&entry=5"))
    page.get_by_role("button", name="before rotary").click()
    raw = CALL.rotary
    assert raw is not None
    query, key = raw.query[HEAD, T - 1].astype(float), raw.key[1, 2].astype(float)
    terms = f"{said(query[5])} × {inner(key[5])} = {said(query[5] * key[5])}"
    expect(told(page)).to_have_text(f"query[5] × key[5] before rotary = {terms}")
    formula = page.locator(".formula")
    expect(formula).to_contain_text(f"more = {said(float(query @ key))}")
    expect(formula).to_contain_text(percent(float(CALL.weights([HEAD])[0, T - 1, 2])))
    expect(page).to_have_url(re.compile("vectors=before"))


def test_order_number_and_blocks_are_chosen_and_kept_in_the_address(
    open_page: OpenPage, html: str
) -> None:
    page = ready(open_page(html, fragment="key=2&entry=5"))
    page.get_by_role("button", name="most weight first").click()
    page.get_by_role("button", name="largest products first").click()
    page.get_by_label("How many entries").select_option("8")
    page.get_by_role("button", name="value", exact=True).click()
    page.get_by_role("button", name="weight × value").click()
    expect(page).to_have_url(re.compile("keys=weight&entries=size&count=8&show=key,product,value"))
    page.locator(".steps-grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    order = np.argsort(-CALL.weights([HEAD])[0, T - 1], kind="stable")
    expect(page.locator(".pair h2")).to_contain_text(f"({order[1]})")
    expect(page).to_have_url(re.compile(f"key={order[1]}"))
    page.reload()
    expect(page.locator(".pair h2")).to_contain_text(f"({order[1]})")
    pressed = page.get_by_role("button", name="most weight first")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="query × key").click()
    expect(told(page)).to_contain_text("weight of")


def test_the_numbers_that_are_drawn_are_saved(
    open_page: OpenPage, html: str, tmp_path: Path
) -> None:
    page = ready(open_page(html, fragment="show=product"))
    page.get_by_text("save picture").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="CSV, the numbers").click()
    path = tmp_path / "numbers.csv"
    found.value.save_as(path)
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert [row["position"] for row in rows] == [str(key) for key in range(T)]
    weights = [float(row["weight"]) for row in rows]
    np.testing.assert_allclose(weights, CALL.weights([HEAD])[0, T - 1], atol=1e-6)
    products = [float(row["product[3]"]) for row in rows]
    expected = CALL.query[HEAD, T - 1, 3] * CALL.key[1, :, 3]
    np.testing.assert_allclose(products, expected, rtol=1e-5)


@pytest.mark.parametrize("hostile", [WHOLE, PIECES, OTHERS], ids=["whole", "pieces", "others"])
def test_hostile_tokens_are_text(open_page: OpenPage, hostile: tuple[str, ...]) -> None:
    size = len(hostile) + 3
    spec = picture(attention_call(4, 2, size, D), labels=words(*hostile)[:size])
    page = open_page(page_of(spec), fragment="at=0&key=0&block=score")
    unharmed(page)
    expect(page.locator(".pair h2 code").first).to_have_text(hostile[0])
    page.get_by_text("Read as a table").click()
    unharmed(page)


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_window(open_page: OpenPage, html: str, dark: bool) -> None:
    page = ready(open_page(html, width=400, dark=dark))
    fits(page)


def test_a_long_text_draws_its_window_only(open_page: OpenPage) -> None:
    call = attention_call(4, 2, 1024, D)
    page = ready(open_page(page_of(picture(call)), fragment="at=900"))
    expect(told(page)).to_have_text(product(900, *leading(900, call), call))
    holds(page, "document.querySelector('.steps-grid canvas').clientHeight <= window.innerHeight")
    page.locator(".steps-grid").focus()
    page.keyboard.press("End")
    expect(told(page)).to_contain_text(f"can't see {WORDS[1023 % len(WORDS)]} (1023)")
