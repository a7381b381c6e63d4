"""Pages of an encoder-decoder: the explorer, the check, one head of cross attention."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import cutaway as ct
from cutaway.core.numbers import percent
from cutaway.render.page import page as page_of
from tests.model.seq2seq import SOURCE, TARGET, opened

from .conftest import OpenPage, fits, ready


@pytest.fixture(scope="module")
def trace() -> Any:
    return opened("bart").trace(SOURCE, target=TARGET)


def labels(trace: Any) -> list[str]:
    return list(trace.encoder.tokens.labels)


def test_the_explorer_shows_the_source_above_it(open_page: OpenPage, trace: Any) -> None:
    view = ct.explore(opened("bart"), SOURCE).pick(1)
    page = ready(open_page(page_of(view.spec)))
    source = page.get_by_role("group", name="The source")
    expect(source.locator(".token")).to_have_text(labels(trace))
    expect(page.get_by_role("group", name="The text so far").locator(".token")).to_have_count(2)
    expect(page.get_by_text("target so far")).to_be_visible()
    page.keyboard.press("Tab")
    fits(page)


def test_the_check_strikes_tokens_of_both_texts(open_page: OpenPage, trace: Any) -> None:
    view = ct.saliency(trace).check()
    data, header = view.data, view.spec.header
    page = ready(open_page(page_of(view.spec), fragment="step=2"))
    gone = header["counts"][2]
    for name, places in (
        ("source", data["source_place"].values), ("target", data["place"].values)
    ):  # fmt: skip
        strip = page.get_by_role("listbox", name=f"The {name}'s tokens")
        notes = [f"{place}{' gone' if place <= gone else ''}" for place in places]
        expect(strip.locator(".token small")).to_have_text(notes)
    first = int(np.argmin(data["source_place"].values))
    strip = page.get_by_role("listbox", name="The source's tokens")
    strip.locator(".token").nth(first).click()
    step = next(i for i, k in enumerate(header["counts"]) if k >= data["source_place"][first])
    expect(page).to_have_url(re.compile(f"step={step}"))
    words = percent(float(data["probability"].sel(run="saliency").values[step]))
    expect(page.locator(".readout .amount").first).to_have_text(words)
    strip.press("End")
    last = int(data["source_place"].values[-1])
    step = next(i for i, k in enumerate(header["counts"]) if k >= last)
    expect(page).to_have_url(re.compile(f"step={step}"))


def test_a_head_of_cross_attention_has_the_sources_keys(open_page: OpenPage, trace: Any) -> None:
    view = ct.attention(trace, kind="cross").neuron(1, 2, at=1)
    page = ready(open_page(page_of(view.spec), fragment="key=0&block=weight"))
    expect(page.get_by_role("heading", name=re.compile("on the source"))).to_be_visible()
    asks = page.get_by_role("listbox", name="The token that asks").locator(".token")
    expect(asks).to_have_count(trace.n_positions)
    weights = ct.attention(trace, kind="cross").data["weight"].sel(layer=1, head=2).values
    for at in (1, trace.n_positions - 1):
        asks.nth(at).click()
        label = labels(trace)[0]
        expect(page.locator(".step-told")).to_contain_text(f"weight of {label} (0) =")
        expect(page.locator(".step-told")).to_contain_text(percent(float(weights[at, 0])))
    page.locator(".steps-grid").focus()
    page.keyboard.press("End")
    last = len(labels(trace)) - 1
    expect(page.locator(".step-told")).to_contain_text(f"({last})")
    expect(page.locator(".pair h2")).to_contain_text("of the source")
    expect(page.get_by_text("every token of the source")).to_be_visible()
    fits(page)
