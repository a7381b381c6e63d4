"""One head, number by number, in every form but the browser's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from cutaway.core.numbers import percent, quantity
from cutaway.lens.attention_neuron import attention_neuron
from cutaway.render.figure import figure
from cutaway.render.page import page
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from ..lens.fakes import AttentionSource, attention_call, attention_trace


def picture(T: int = 9, sinks: bool = False) -> Spec:
    call = attention_call(4, 2, T, 16, 3)
    if sinks:
        call = replace(call, sinks=np.ones(4, dtype=np.float32), cap=1.5)
    trace = replace(attention_trace(1, 4, 2, T, 16), source=AttentionSource({0: call}))
    return spec_of(attention_neuron(trace, 0, 2))


@pytest.fixture(scope="module")
def spec() -> Spec:
    return picture()


def test_the_table_has_the_keys_by_weight_and_what_made_them(spec: Spec) -> None:
    shown, arrays = table(spec), spec.arrays
    order = np.argsort(-arrays["weight"], kind="stable")
    assert [row[0] for row in shown.rows] == [str(key) for key in order]
    key = order[0]
    product = arrays["query"][-1].astype(float) * arrays["key"][key]
    largest = int(np.abs(product).argmax())
    assert shown.rows[0][2] == quantity(float(product.sum()))
    assert shown.rows[0][4] == percent(float(arrays["weight"][key]))
    assert shown.rows[0][5].startswith(f"{largest}: {quantity(float(product[largest]))}, ")
    assert "score = 0.25 × dot product" in shown.caption


def test_of_many_keys_it_says_how_many_it_has_and_the_sink_is_last() -> None:
    shown = table(picture(40, sinks=True))
    assert len(shown.rows) == 25
    assert shown.caption.startswith("24 of 40 keys, most weight first")
    assert "1.50 × tanh(0.25 × dot product / 1.50)" in shown.caption
    assert shown.rows[-1][:4] == ("–", "no token", "–", "1.00")


@pytest.mark.parametrize(("T", "sinks", "fmt"), [(9, False, "png"), (40, True, "svg")])
def test_figures_are_drawn_and_the_same_each_time(T: int, sinks: bool, fmt: str) -> None:
    spec = picture(T, sinks)
    first = figure(spec, fmt)
    assert first.startswith(b"<?xml" if fmt == "svg" else b"\x89PNG")
    assert first == figure(spec, fmt)


def test_text_fits_the_width_and_is_whole_without_one(spec: Spec) -> None:
    assert max(cell_len(line) for line in text(spec, 60).splitlines()) <= 60
    whole = text(spec)
    assert "How head 2 of layer 0 came by its weights" in whole
    assert "…" not in whole.replace(spec.header["title"], "")


def test_the_same_spec_gives_the_same_page(spec: Spec) -> None:
    assert page(spec) == page(spec)
