"""Attention in every form but the browser's."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from cutaway.core.errors import InvalidError
from cutaway.lens.attention import attention
from cutaway.lens.heads import head_figures, with_figures
from cutaway.render.figure import figure
from cutaway.render.page import page
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.attention import attention_spec
from cutaway.view.spec import Spec

from ..lens.test_heads import attention_trace, causal


def picture(shape: tuple[int, int] = (3, 4)) -> Spec:
    trace = attention_trace(causal(6, shape=shape))
    return attention_spec(with_figures(attention(trace), head_figures(trace)))


@pytest.fixture(scope="module")
def spec() -> Spec:
    return picture()


def test_the_table_has_the_heads_by_induction(spec: Spec) -> None:
    shown = table(spec)
    assert shown.columns[:3] == ("layer", "head", "entropy (nats)")
    assert "distance (tokens)" in shown.columns
    lead = [entry["name"] for entry in spec.header["figures"]].index("induction")
    order = np.argsort(-spec.arrays["figures"][lead], axis=None, kind="stable")
    expected = [tuple(str(i) for i in divmod(int(place), 4)) for place in order]
    assert [row[:2] for row in shown.rows] == expected


def test_of_many_heads_the_table_says_how_many_it_has() -> None:
    shown = table(picture((6, 8)))
    assert len(shown.rows) == 40
    assert shown.caption.startswith("40 of 48 heads")


def test_text_fits_the_width_and_is_whole_without_one(spec: Spec) -> None:
    assert max(cell_len(line) for line in text(spec, 60).splitlines()) <= 60
    whole = text(spec)
    assert "Where it looked" in whole
    assert "…" not in whole.replace(spec.header["title"], "")


@pytest.mark.parametrize("fmt", ["svg", "png"])
def test_figures_are_drawn_and_the_same_each_time(spec: Spec, fmt: str) -> None:
    first = figure(spec, fmt)
    assert first.startswith(b"<?xml" if fmt == "svg" else b"\x89PNG")
    assert first == figure(spec, fmt)


def test_a_figure_of_too_many_heads_is_refused() -> None:
    with pytest.raises(InvalidError, match="layers="):
        figure(picture((40, 64)), "png")


def test_the_same_spec_gives_the_same_page(spec: Spec) -> None:
    assert page(spec) == page(spec)
