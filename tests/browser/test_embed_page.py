"""The page of embeddings: a cell for every two texts, and the nearest of the chosen one."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from cutaway.lens.embed import embeddings, projected
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of
from tests.lens.fakes import fake_card

from .conftest import OpenPage, fits, ready

TEXTS = ["up", "nearly up", "<script>document.title = 'taken'</script>", "down"]
VECTORS = np.array([[0, 1], [0.1, 1], [1, 0], [0, -1]], dtype=np.float32)


def html(texts: list[str], vectors: np.ndarray) -> str:
    options = {"pooling": "mean", "layer": None, "normalise": False, "words": "mean"}
    return page_of(spec_of(embeddings(vectors, texts, fake_card(2, (4, 4)), options)))


def test_the_nearest_of_the_chosen_text_are_listed_in_order(open_page: OpenPage):
    page = ready(open_page(html(TEXTS, VECTORS)))
    rows = page.locator("section[aria-live] tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("nearly up")
    expect(rows.nth(0)).to_contain_text("0.995")
    expect(rows.nth(2)).to_contain_text("down")
    expect(rows.nth(2)).to_contain_text("−1.00")


def test_arrows_choose_another_text_and_the_address_keeps_it(open_page: OpenPage):
    page = ready(open_page(html(TEXTS, VECTORS)))
    page.locator(".grid").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    heading = page.locator("section[aria-live] h2")
    expect(heading).to_have_text("Nearest to down")
    page.wait_for_url("**#text=3*")
    page.reload()
    expect(heading).to_have_text("Nearest to down")


def test_a_text_is_never_markup(open_page: OpenPage):
    page = ready(open_page(html(TEXTS, VECTORS), fragment="text=2"))
    expect(page.locator("section[aria-live] h2")).to_contain_text("<script>")
    assert page.title() != "taken"


@pytest.mark.parametrize("width", [1280, 400])
def test_four_hundred_long_texts_do_not_break_it(open_page: OpenPage, width: int):
    rows = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    texts = [f"text {n} " + "long " * 40 for n in range(400)]
    page = ready(open_page(html(texts, rows), width=width))
    fits(page)
    expect(page.locator("section[aria-live] tbody tr")).to_have_count(10)


def test_points_stand_at_their_values_on_one_axis(open_page: OpenPage):
    made = embeddings(VECTORS, TEXTS, fake_card(2, (4, 4)), {"words": "mean"})
    data = projected(made, VECTORS[3], VECTORS[0], {"ends": [["down\x1b"], ["up"]]})
    page = ready(open_page(page_of(spec_of(data)), width=400))
    fits(page)
    rows = page.locator("table.points tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("down")
    expect(rows.nth(0)).to_contain_text("0")
    expect(page.locator("thead")).to_contain_text("down‹1B›")

    def middle(selector: str) -> float:
        box = page.locator(selector).bounding_box()
        assert box
        return box["x"] + box["width"] / 2

    zero, one = (middle(f".points-tick:text-is('{tick}')") for tick in "01")
    values = data["projection"].sel(run=["down", "<script>document.title = 'taken'</script>"])
    for n, value in enumerate(values.values.tolist()):
        point = middle(f"tbody tr:nth-child({n + 1}) .points-point")
        assert point == pytest.approx(zero + value * (one - zero), abs=1)
    assert page.title() != "taken"
