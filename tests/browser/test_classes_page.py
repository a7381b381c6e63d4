"""The page of classes: a label or a token for each column, and the cell that is looked at."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cutaway.core.numbers import percent
from cutaway.lens.classes import classes
from cutaway.render.page import page as page_of
from cutaway.view.classes import classes_spec

from ..lens.made import judged_trace
from .conftest import OpenPage, fits, ready

HOSTILE = "<script>document.title = 'taken'</script>"


def test_arrows_choose_a_layer_and_the_address_keeps_it(open_page: OpenPage):
    data = classes(judged_trace("sequence"))
    page = ready(open_page(page_of(classes_spec(data))))
    panel = page.locator(".readout")
    expect(panel.locator("h2")).to_have_text("After layer 2")
    page.locator(".grid").focus()
    page.keyboard.press("ArrowDown")
    expect(panel.locator("h2")).to_have_text("After layer 1")
    best = data["probability"].sel(layer=1).max().item()
    expect(panel.locator(".is-final .amount")).to_have_text(percent(best))
    page.wait_for_url("**#layer=1*")
    page.reload()
    expect(panel.locator("h2")).to_have_text("After layer 1")


def test_the_likeliest_answers_of_a_layer_are_listed(open_page: OpenPage):
    data = classes(judged_trace("span"), k=3)
    page = ready(open_page(page_of(classes_spec(data)), fragment="layer=0"))
    found = page.locator(".class-answers .bar")
    expect(found).to_have_count(3)
    best = data["span_probability"].sel(layer=0, k=0).item()
    expect(found.nth(0).locator(".amount")).to_have_text(percent(best))
    page.get_by_role("button", name="end").click()
    page.wait_for_url("**label=1*")


def test_a_label_colours_all_tokens_and_is_never_markup(open_page: OpenPage):
    trace = judged_trace("token", labels=("good", HOSTILE, "odd"))
    page = ready(open_page(page_of(classes_spec(classes(trace)))))
    page.get_by_label("Label").select_option("1")
    page.wait_for_url("**label=1*")
    expect(page.locator(".readout code", has_text="<script>").first).to_be_visible()
    assert page.title() != "taken"


@pytest.mark.parametrize("width", [1280, 400])
def test_many_labels_and_tokens_do_not_break_it(open_page: OpenPage, width: int):
    labels = tuple(f"label number {n}" for n in range(60))
    for task in ("sequence", "token"):
        spec = classes_spec(classes(judged_trace(task, T=80, labels=labels)))
        fits(ready(open_page(page_of(spec), width=width)))
