"""Alignments and the figures of cross attention: against loops over the weights themselves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError
from cutaway.lens.alignment import alignment_of_attention, alignment_of_saliency
from cutaway.lens.attention import attention
from cutaway.lens.cross_figures import CROSS_FIGURES, cross_figures
from cutaway.lens.saliency import saliency

from .crossed import DECODED, HEADS, SOURCE, TARGET, cross_trace, crossed

TRACE = cross_trace()
WEIGHTS = TRACE.source.crossed  # type: ignore[attr-defined]
T, S = len(TARGET), len(SOURCE)


def test_a_target_has_the_row_of_the_position_that_produced_it() -> None:
    found = alignment_of_attention(crossed(TRACE))
    assert found["weight"].dims == ("layer", "target", "source")
    assert found["target"].values.tolist() == [1, 2, 3, 4]
    assert found["explained"].values.tolist() == list(TARGET[1:])
    assert found["source_input"].values.tolist() == list(SOURCE)
    for layer in range(DECODED):
        mean = [[sum(WEIGHTS[layer, :, t - 1, s]) / HEADS for s in range(S)] for t in range(1, T)]
        np.testing.assert_allclose(found["weight"].values[layer], mean, rtol=1e-6)
        best = [row.index(max(row)) for row in mean]
        assert found["best"].values[layer].tolist() == best
        columns = [[row[s] for row in mean] for s in range(S)]
        assert found["back"].values[layer].tolist() == [1 + c.index(max(c)) for c in columns]


def test_one_head_of_one_layer() -> None:
    found = alignment_of_attention(crossed(TRACE), layer=1, head=2)
    np.testing.assert_array_equal(found["weight"].values, WEIGHTS[1:2, 2, :-1])
    assert "head 2" in found["weight"].attrs["long_name"]
    joined = alignment_of_attention(crossed(TRACE, aggregate="max"))
    np.testing.assert_array_equal(joined["weight"].values, WEIGHTS.max(axis=1)[:, :-1])


def test_what_is_no_alignment_is_refused() -> None:
    with pytest.raises(InvalidError, match="between two texts"):
        alignment_of_attention(attention(TRACE))
    with pytest.raises(InvalidError, match="layer"):
        alignment_of_attention(crossed(TRACE), layer=2)
    with pytest.raises(InvalidError, match="head"):
        alignment_of_attention(crossed(TRACE), head=HEADS)
    with pytest.raises(MissingError, match="no token but its first"):
        alignment_of_attention(crossed(cross_trace(target=("<s>",))))


def test_an_alignment_by_saliency_is_the_sources_part_of_the_shares() -> None:
    found = alignment_of_saliency(saliency(TRACE))
    assert found["weight"].dims == ("target", "source")
    for row, target in enumerate(found["target"].values.tolist()):
        whole = sum(range(1, S + target + 1))
        parts = [score / whole for score in range(1, S + 1)]
        np.testing.assert_allclose(found["weight"].values[row], parts, rtol=1e-6)
    assert found["best"].values.tolist() == [S - 1] * (T - 1)


def test_figures_are_means_over_the_queries() -> None:
    found = cross_figures(TRACE, crossed(TRACE))
    assert set(found.data_vars) == set(CROSS_FIGURES)
    w = WEIGHTS[1, 3].astype(float)
    at = {"layer": 1, "head": 3}
    told = {name: float(found[name].sel(at)) for name in CROSS_FIGURES}
    assert told["peak"] == pytest.approx(np.mean([max(row) for row in w]))
    entropy = np.mean([-sum(p * np.log(p) for p in row) for row in w])
    assert told["entropy"] == pytest.approx(entropy)
    assert told["broad"] == pytest.approx(entropy / np.log(S))
    assert told["first"] == pytest.approx(np.mean([row[0] for row in w]))
    assert told["last"] == pytest.approx(np.mean([row[-1] for row in w]))
    assert told["chosen"] == pytest.approx(told["last"])  # </s> is the only special token
    most = [int(np.argmax(row)) for row in w]
    steps = [b > a for a, b in itertools.pairwise(most)]
    assert told["onward"] == pytest.approx(np.mean(steps))
    assert told["missing"] == pytest.approx(0, abs=1e-6)


def test_a_head_that_looks_twice_at_one_token_has_not_gone_on() -> None:
    looked_at = [0, 0, 2, 1, 1]  # of four steps only the second goes to a later token
    trace = cross_trace()
    trace.source.crossed = np.zeros_like(WEIGHTS)  # type: ignore[attr-defined]
    trace.source.crossed[..., range(T), looked_at] = 1  # type: ignore[attr-defined]
    assert (cross_figures(trace, crossed(trace))["onward"] == 1 / 4).all()


def test_figures_of_an_aggregate_are_of_its_rows() -> None:
    mean = cross_figures(TRACE, crossed(TRACE, aggregate="mean"))
    rows = WEIGHTS.mean(axis=1)
    assert mean["peak"].dims == ("layer",)
    np.testing.assert_allclose(mean["peak"].values, rows.max(-1).mean(-1), rtol=1e-6)
