"""Comparisons in every form but the browser's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from cutaway.core.errors import InvalidError
from cutaway.lens.compare import compare
from cutaway.lens.compare_attention import head_differences
from cutaway.render.figure import figure
from cutaway.render.page import page
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from ..lens.compared import crossed_pair, long_pair, pair, routed_pair

KINDS = ("attention", "cross", "experts", "logit_lens", "watch", "saliency", "neurons")


def picture(lens: str, T: int = 0) -> Spec:
    options = {"watch": {"tokens": [" nurse"]}, "cross": {"kind": "cross"}}.get(lens, {})
    traces = {"cross": crossed_pair, "experts": routed_pair}.get(lens, pair)()
    own = "attention" if lens == "cross" else lens
    data = compare(*(long_pair(T) if T else traces), lens=own, names=("she", "he"), **options)
    if own == "attention":
        data = data.assign(head_differences(data).data_vars)
    return spec_of(data)


def test_the_table_of_heads_has_those_that_differ_most_first() -> None:
    spec = picture("attention")
    shown = table(spec)
    assert shown.columns == ("layer", "head", "on average", "at most", "at")
    values = [spec.arrays["variation"][int(row[0]), int(row[1])] for row in shown.rows]
    assert values == sorted(values, reverse=True)
    assert len(values) == 12


def test_the_table_of_experts_has_a_row_for_each_layer() -> None:
    spec = picture("experts")
    shown = table(spec)
    assert [row[0] for row in shown.rows] == ["0", "2", "3"]
    assert [row[1] for row in shown.rows] == ["6", "6", "4"]
    for row, cells in enumerate(shown.rows):
        shared = spec.arrays["shared"][row]
        assert cells[4] == f"{int((shared == 0).sum())} of {int((shared >= 0).sum())}"
        first, second = spec.arrays["load"][:, row]
        assert cells[6].startswith(f"{int(np.nanargmax(abs(second - first)))}: ")


def test_a_cell_of_a_table_has_both_values() -> None:
    spec = picture("logit_lens")
    shown = table(spec)
    assert shown.columns[5] == "∅ / ·old"
    words, index = spec.header["vocabulary"], spec.arrays["top_index"]
    first, second = (words[index[run, -1, 0, 0]] for run in (0, 1))
    assert shown.rows[0][1].startswith(first)
    assert (f"→ {second} " in shown.rows[0][1]) is (first != second)


@pytest.mark.parametrize("lens", KINDS)
def test_text_fits_the_width_and_is_whole_without_one(lens: str) -> None:
    spec = picture(lens)
    assert max(cell_len(line) for line in text(spec, 60).splitlines()) <= 60
    assert "…" not in text(spec)


@pytest.mark.parametrize(
    ("lens", "fmt"),
    [("attention", "svg"), ("cross", "svg"), ("experts", "png"), ("logit_lens", "svg")],
)
def test_figures_are_drawn_and_the_same_each_time(lens: str, fmt: str) -> None:
    first = figure(picture(lens), fmt)
    assert first.startswith(b"<?xml" if fmt == "svg" else b"\x89PNG")
    assert first == figure(picture(lens), fmt)


@pytest.mark.parametrize("lens", KINDS)
def test_the_same_spec_gives_the_same_page(lens: str) -> None:
    assert page(picture(lens)) == page(picture(lens))


def test_a_figure_of_too_many_cells_is_refused() -> None:
    with pytest.raises(InvalidError, match="positions="):
        figure(picture("logit_lens", 700), "png")
    spec = picture("attention")
    many = replace(spec, header={**spec.header, "layers": list(range(900))})
    with pytest.raises(InvalidError, match="layers="):
        figure(many, "png")
