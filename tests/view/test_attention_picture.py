"""The picture of attention: what it carries is what the dataset holds, to within what it says."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import MissingError
from cutaway.lens.attention import attention
from cutaway.lens.heads import head_figures, with_figures
from cutaway.view.attention import attention_spec
from cutaway.view.attention_cells import SIDE, thumbnails
from cutaway.view.spec import Spec

from ..lens.test_heads import IDS, attention_trace, causal

T = len(IDS)


def picture(weights: np.ndarray, **options: int) -> Spec:
    trace = attention_trace(weights)
    return attention_spec(with_figures(attention(trace), head_figures(trace)), **options)


def unpacked(spec: Spec, layer: int, head: int, size: int) -> np.ndarray:
    """(T, T) the weights of a head as the page reads them."""
    entries = (spec.arrays["weights"][spec.arrays["place"][layer, head]] / 255.0) ** 2
    seen = np.tri(size, dtype=bool) if spec.header["causal"] else np.ones((size, size), bool)
    found = np.zeros((size, size))
    found[seen] = entries
    return found


def test_weights_are_kept_to_within_half_a_point_and_rows_still_sum_to_one():
    weights = causal(4)
    spec = picture(weights)
    for layer in range(2):
        for head in range(4):
            found = unpacked(spec, layer, head, T)
            np.testing.assert_allclose(found, weights[layer, head], atol=0.005)
            np.testing.assert_allclose(found.sum(-1), 1, atol=np.sqrt(T) / 255)


def test_thumbnails_are_the_largest_weight_of_each_box():
    rng = np.random.default_rng(1)
    scores = np.exp(3 * rng.normal(size=(1, 2, 77, 77))) * np.tri(77)
    whole = scores / scores.sum(-1, keepdims=True)
    spec = long_picture(whole.astype(np.float32))
    ends = [(i * 77 // SIDE, (i + 1) * 77 // SIDE) for i in range(SIDE)]
    for head in range(2):
        for row, (top, bottom) in enumerate(ends):
            for column, (left, right) in enumerate(ends):
                most = whole[0, head, top:bottom, left:right].max()
                level = spec.arrays["thumbnails"][0, head, row, column]
                assert level == pytest.approx(255 * np.sqrt(most), abs=0.51)


def long_picture(weights: np.ndarray, **options: int) -> Spec:
    from dataclasses import replace

    from ..lens.made import firing_trace
    from ..lens.test_heads import WeightSource

    bare = firing_trace(weights.shape[-1], layers=len(weights))
    heads = (weights.shape[1],) * len(weights)
    card = replace(bare.card, heads=heads, kv_heads=heads)
    trace = replace(bare, card=card, source=WeightSource(weights))
    return attention_spec(with_figures(attention(trace), head_figures(trace)), **options)


def test_a_short_text_has_a_thumbnail_cell_for_each_weight():
    weights = causal(2)
    spec = picture(weights)
    np.testing.assert_array_equal(spec.arrays["thumbnails"], np.rint(255 * np.sqrt(weights)))
    rest = weights.astype(np.float64)
    rest[..., 0] = 0
    rest[..., 1:, :] /= rest[..., 1:, :].sum(-1, keepdims=True)
    np.testing.assert_allclose(spec.arrays["thumbnails_rest"], 255 * np.sqrt(rest), atol=0.51)


def test_the_first_tokens_share_is_the_mean_over_the_rows_of_the_others():
    """The first row has no choice: it would tell of no head."""
    weights = causal(6)
    found = thumbnails(attention(attention_trace(weights))["weight"]).first
    rows = [weights[n, h, q, 0] for n in range(2) for h in range(4) for q in range(1, T)]
    assert found == pytest.approx(np.mean(rows))


def test_a_head_that_looks_ahead_is_kept_whole():
    scores = np.random.default_rng(3).random((1, 2, T, T))
    weights = (scores / scores.sum(-1, keepdims=True)).astype(np.float32)
    spec = picture(weights)
    assert not spec.header["causal"]
    np.testing.assert_allclose(unpacked(spec, 0, 1, T), weights[0, 1], atol=0.005)


def test_beyond_the_budget_the_page_says_which_heads_it_holds():
    weights = causal(5, shape=(3, 6))
    whole = picture(weights)
    assert (whole.arrays["place"].ravel() == np.arange(18)).all()
    assert whole.header["embedded"].startswith("All 18 heads")
    part = picture(weights, budget=12 * T * (T + 1) // 2)
    kept = part.arrays["place"] >= 0
    assert kept.sum() == 12
    assert len(part.arrays["weights"]) == 12
    assert part.header["embedded"].startswith("12 of 18 heads")
    figures = part.arrays["figures"].reshape(len(part.header["figures"]), -1)
    leading = np.nanargmax(figures, axis=1)
    assert kept.ravel()[leading].all()
    first = np.array([w[1:, 0].mean() for w in weights.reshape(-1, T, T)])
    others = np.setdiff1d(np.arange(18), leading)
    ranked = others[np.argsort(first[others], kind="stable")]
    room = 12 - len(set(leading.tolist()))
    assert set(np.flatnonzero(kept)) == {*leading.tolist(), *ranked[:room].tolist()}
    for layer, head in np.argwhere(kept):
        np.testing.assert_allclose(unpacked(part, layer, head, T), weights[layer, head], atol=0.005)


def test_one_layer_is_asked_for_at_a_time():
    trace = attention_trace(causal())
    merged = with_figures(attention(trace), head_figures(trace))
    trace.source.asked.clear()
    attention_spec(merged)
    assert [layer for layer, _ in trace.source.asked] == [0, 1, 0, 1]


def test_figures_without_a_value_are_left_out():
    spec = picture(causal())
    names = [entry["name"] for entry in spec.header["figures"]]
    assert "induction" in names
    assert not {"chosen", "next", "missing"} & set(names)
    sinks = picture(causal() * np.float32(0.75))
    assert "missing" in [entry["name"] for entry in sinks.header["figures"]]
    assert "25.0 %" in "".join(words for _, words in sinks.header["sentence"])


def test_weights_without_figures_are_refused():
    with pytest.raises(MissingError, match="with_figures"):
        attention_spec(attention(attention_trace(causal())))
