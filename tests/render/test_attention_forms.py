"""Attention in every form but the browser's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from cutaway.app.attention import AttentionView
from cutaway.core.errors import InvalidError
from cutaway.core.numbers import percent
from cutaway.lens.attention import attention
from cutaway.lens.heads import head_figures, with_figures
from cutaway.render.figure import FIGURES, figure
from cutaway.render.page import page
from cutaway.render.ramp import colours
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.attention import attention_spec
from cutaway.view.spec import Spec

from ..lens.fakes import attention_trace as fake_attention
from ..lens.test_heads import attention_trace, causal


def picture(shape: tuple[int, int] = (3, 4)) -> Spec:
    trace = attention_trace(causal(6, shape=shape))
    return attention_spec(with_figures(attention(trace), head_figures(trace)))


def asked(**options: str) -> Spec:
    trace = fake_attention(3, H=4, T=6)
    return AttentionView(attention(trace, **options), trace, "special").spec  # type: ignore[arg-type]


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


@pytest.mark.parametrize("aggregate", ["mean", "max", "rollout"])
def test_the_table_of_an_aggregate_has_a_row_for_each_layer(aggregate: str) -> None:
    shown = table(asked(aggregate=aggregate))
    assert shown.columns[:2] == ("layer", "entropy (nats)")
    assert len(shown.rows) == 3
    assert aggregate in shown.caption


def test_the_table_says_that_its_figures_are_of_plain_weights() -> None:
    assert "plain" in table(asked(weighting="output_norm")).caption
    assert "plain" not in table(asked()).caption


@pytest.mark.parametrize(
    "options",
    [{"aggregate": "rollout"}, {"weighting": "value_norm"}, {"opens": "heads"},
     {"opens": "heads", "aggregate": "mean"}],
)  # fmt: skip
def test_each_way_of_asking_is_drawn(options: dict[str, str]) -> None:
    spec = asked(**options)
    drawn = figure(spec, "svg")
    assert drawn == figure(spec, "svg")
    words = drawn.decode()
    assert ("shares of their row" in words) == ("weighting" in options)
    assert ("mass drawn" in words) == (options.get("opens") == "heads")


def test_the_lines_of_a_layer_are_as_many_as_its_mass_needs() -> None:
    """Each head's rows are cut at 80 % of their mass, counted here by hand."""
    spec = asked(opens="heads")
    names = [entry["name"] for entry in spec.header["figures"]]
    lead = spec.arrays["figures"][names.index(spec.header["opens_with"])]
    layer = int(np.nanargmax(lead)) // 4
    expected = []
    for row in spec.arrays["place"][layer]:
        levels, count = spec.arrays["weights"][row], 0
        for q in range(6):
            left = sorted((levels[q * (q + 1) // 2 :][: q + 1] / 255.0) ** 2, reverse=True)
            mass, enough = 0.0, 0.8 * sum(left) - 1e-9
            while mass < enough:
                mass, count = mass + left.pop(0), count + 1
        expected.append(count)
    axes = FIGURES["attention"](spec).axes[0]
    assert [len(lines.get_segments()) for lines in axes.collections] == expected


def test_too_long_a_text_for_lines_is_refused() -> None:
    trace = fake_attention(1, T=97, H=1, K=1)
    with pytest.raises(InvalidError, match="opens='model'"):
        figure(AttentionView(attention(trace, opens="heads"), trace, "special").spec, "png")


def test_the_numbers_of_many_heads_stay_inside_the_figure() -> None:
    trace = fake_attention(1, H=64, K=8)
    spec = AttentionView(attention(trace, opens="heads"), trace, "special").spec
    axes = FIGURES["attention"](spec).axes[0]
    places = [t.get_position() for t in axes.texts if t.get_text().isdigit()]
    assert len(set(places)) == 64
    assert max(x for x, _ in places) < axes.get_xlim()[1]
    tops = [ends[:, 1].min() for ends in axes.collections[0].get_segments()]
    assert max(y for _, y in places) < min(tops)


def test_thumbnails_are_full_at_the_largest_weight_of_any_head(spec: Spec) -> None:
    faint = spec.arrays["thumbnails_rest"] // 8
    pale = replace(spec, arrays={**spec.arrays, "thumbnails_rest": faint})
    most = percent((int(faint.max()) / 255) ** 2)
    assert f"in full at {most}" in figure(pale, "svg").decode()
    end = colours("clay", np.ones((1, 1)))[0, 0]
    shades = [np.asarray(image.get_array()) for image in FIGURES["attention"](pale).axes[0].images]
    assert any((shade == end).all(axis=-1).any() for shade in shades)


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
