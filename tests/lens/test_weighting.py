"""Weightings, aggregates and rollout of attention, against plain loops in float64."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from cutaway.core.errors import CutawayError, InvalidError, MissingError, UnknownError
from cutaway.lens.aggregate import AGGREGATES
from cutaway.lens.attention import attention
from cutaway.lens.heads import head_figures, row_figures
from cutaway.lens.weighting import WEIGHTINGS

from .fakes import AttentionSource, attention_trace
from .test_heads import attention_trace as weights_trace
from .test_heads import causal

L, H, K, T = 3, 4, 2, 7


@pytest.fixture
def trace():
    return attention_trace(L, H=H, K=K, T=T)


class CountingSource(AttentionSource):
    """Counts which layers and heads it was asked for."""

    def __init__(self, calls):
        super().__init__(calls)
        self.asked = []

    def attention(self, trace, layer, heads):
        self.asked.append((layer, tuple(heads)))
        return super().attention(trace, layer, heads)


def counting(trace):
    return replace(trace, source=CountingSource(trace.source.calls))


def loop_weights(call) -> np.ndarray:
    """(H, T, T) by hand: softmax of scaled dot products over what is not later."""
    found = np.zeros((H, T, T))
    for h in range(H):
        for i in range(T):
            scores = [
                call.scale * sum(call.query[h, i].astype(float) * call.key[h // (H // K), j])
                for j in range(i + 1)
            ]
            found[h, i, : i + 1] = np.exp(scores) / sum(np.exp(scores))
    return found


def test_value_norm_is_the_weight_times_the_length_of_the_value(trace):
    found = attention(trace, weighting="value_norm")["weight"]
    for layer in range(L):
        call = trace.source.calls[layer]
        weights = loop_weights(call)
        for h in range(H):
            for j in range(T):
                norm = np.sqrt(sum(float(x) ** 2 for x in call.value[h // (H // K), j]))
                expected = weights[h, :, j] * norm
                np.testing.assert_allclose(found[layer, h, :, j], expected, atol=1e-5)
    assert found.attrs["units"] == "the model's own"
    assert found.attrs["long_name"] == WEIGHTINGS["value_norm"].words


def test_output_norm_is_the_weight_times_the_length_of_what_is_written(trace):
    projection = np.random.default_rng(5).normal(size=(H, 8, 20))
    calls = {}
    for layer, call in trace.source.calls.items():
        written = [
            [np.linalg.norm(call.value[h // (H // K), t] @ projection[h]) for t in range(T)]
            for h in range(H)
        ]
        calls[layer] = replace(call, written=np.asarray(written, dtype=np.float32))
    found = attention(replace(trace, source=AttentionSource(calls)), weighting="output_norm")
    for layer in range(L):
        call = calls[layer]
        for h, weights in enumerate(loop_weights(call)):
            moved = call.value[h // (H // K)].astype(float) @ projection[h]  # (T, width)
            for i in range(T):
                expected = [np.linalg.norm(weights[i, j] * moved[j]) for j in range(T)]
                np.testing.assert_allclose(found["weight"][layer, h, i], expected, rtol=1e-4)


def test_what_could_not_be_proven_is_missing_when_it_is_touched(trace):
    calls = {n: replace(call, written=None) for n, call in trace.source.calls.items()}
    view = attention(replace(trace, source=AttentionSource(calls)), weighting="output_norm")
    with pytest.raises(MissingError, match=r"layer 1 write.*value_norm"):
        view["weight"].sel(layer=1).values  # noqa: B018


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_one_head_asks_for_one_head(trace, weighting):
    counted = counting(trace)
    data = attention(counted, weighting=weighting)
    assert counted.source.asked == []
    one = data["weight"].sel(layer=2, head=3).values
    assert counted.source.asked == [(2, (3,))]
    np.testing.assert_allclose(one, data["weight"].values[2, 3], rtol=1e-6)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_mean_and_max_are_over_the_chosen_heads(trace, weighting):
    each = attention(trace, weighting=weighting)["weight"].values.astype(float)
    options = {"layers": [2, 0], "heads": [3, 1], "weighting": weighting}
    mean = attention(trace, aggregate="mean", **options)["weight"]
    most = attention(trace, aggregate="max", **options)["weight"]
    assert mean.dims == most.dims == ("layer", "query", "key")
    assert mean["layer"].values.tolist() == [2, 0]
    for row, layer in enumerate((2, 0)):
        for i in range(T):
            for j in range(T):
                pair = [each[layer, head, i, j] for head in (3, 1)]
                assert mean[row, i, j] == pytest.approx(sum(pair) / 2, rel=1e-5)
                assert most[row, i, j] == pytest.approx(max(pair), rel=1e-6)


def plain_rollout(trace) -> list[list[list[float]]]:
    """Row by row and number by number, from the first block upwards."""
    product = [[float(i == j) for j in range(T)] for i in range(T)]
    answer = []
    for layer in range(L):
        mean = loop_weights(trace.source.calls[layer]).mean(axis=0)
        mixed = [[0.5 * mean[i, j] + 0.5 * (i == j) for j in range(T)] for i in range(T)]
        mixed = [[value / sum(row) for value in row] for row in mixed]
        product = [
            [sum(mixed[i][m] * product[m][j] for m in range(T)) for j in range(T)] for i in range(T)
        ]
        answer.append(product)
    return answer


def test_rollout_equals_the_plain_product(trace):
    found = attention(trace, aggregate="rollout")["weight"]
    np.testing.assert_allclose(found.values, plain_rollout(trace), atol=1e-6)
    np.testing.assert_allclose(found.values.sum(-1), 1, atol=1e-6)


def test_rollout_asked_downwards_is_the_same_and_upwards_asks_each_block_once(trace):
    counted = counting(trace)
    found = attention(counted, aggregate="rollout")["weight"]
    upwards = [found.isel(layer=layer).values for layer in range(L)]
    assert [layer for layer, _ in counted.source.asked] == list(range(L))
    downwards = [found.isel(layer=layer).values for layer in reversed(range(L))]
    np.testing.assert_array_equal(upwards, downwards[::-1])


def test_sinks_take_their_share_out_of_a_rollout():
    """Missing mass is no token's: rows are divided by what is left of them."""
    weights = causal(shape=(2, 3)) * np.float32(0.5)
    found = attention(weights_trace(weights), aggregate="rollout")["weight"].values
    mixed = 0.5 * weights.mean(1, dtype=float) + 0.5 * np.eye(weights.shape[-1])
    mixed /= mixed.sum(-1, keepdims=True)
    np.testing.assert_allclose(found[1], mixed[1] @ mixed[0], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"weighting": "norm"}, UnknownError, "value_norm"),
        ({"aggregate": "median"}, UnknownError, "rollout"),
        ({"opens": "neuron"}, UnknownError, "heads"),
        ({"aggregate": "rollout", "layers": [1, 2]}, InvalidError, "leave layers out"),
        ({"aggregate": "rollout", "layers": [1, 0]}, InvalidError, "leave layers out"),
        ({"aggregate": "rollout", "heads": [0]}, InvalidError, "leave heads out"),
        ({"aggregate": "rollout", "weighting": "value_norm"}, InvalidError, "'weight'"),
        ({"split": 0}, InvalidError, "after the first"),
        ({"split": T}, InvalidError, f"0 to {T - 1}"),
        ({"split": 1.5}, InvalidError, "split"),
    ],
)
def test_bad_input_is_named(trace, options, error, words):
    with pytest.raises(error, match=words):
        attention(trace, **options)


def hybrid(trace):
    """Its middle block has no attention, and its last one fewer heads."""
    card = replace(trace.card, heads=(H, 0, K), kv_heads=(K, 0, K))
    return replace(trace, card=card)


def test_a_hybrid_has_means_but_no_rollout(trace):
    mixed = hybrid(trace)
    with pytest.raises(MissingError, match="no attention in layer 1"):
        attention(mixed, aggregate="rollout")
    mean = attention(mixed, aggregate="mean")["weight"]
    assert mean["layer"].values.tolist() == [0, 2]
    for row, (layer, count) in enumerate(((0, H), (2, K))):
        each = loop_weights(trace.source.calls[layer])[:count]
        np.testing.assert_allclose(mean[row], each.mean(0), atol=1e-6)
    with pytest.raises(CutawayError, match="one by one"):
        attention(mixed)


@pytest.mark.parametrize(
    ("aggregate", "weighting"), [*((name, "weight") for name in AGGREGATES), ("mean", "value_norm")]
)
def test_the_figures_of_an_aggregate_are_those_of_its_rows(trace, aggregate, weighting):
    """In shares of their sums, which those of a plain mean and of a rollout are already."""
    data = attention(trace, aggregate=aggregate, weighting=weighting)
    found = row_figures(trace, data)
    rows = data["weight"].values.astype(float)
    shares = rows / rows.sum(-1, keepdims=True)
    assert found["first"].dims == ("layer",)
    for layer in range(L):
        some = shares[layer, 1:]
        assert found["first"][layer] == pytest.approx(some[:, 0].mean(), rel=1e-5)
        logs = np.log(some, out=np.zeros_like(some), where=some > 0)
        assert found["entropy"][layer] == pytest.approx(-(some * logs).sum(-1).mean(), rel=1e-5)
    missing = aggregate == "max" or weighting != "weight"
    assert np.isnan(found["missing"].values).all() == missing


def test_figures_of_heads_are_of_plain_weights(trace):
    """Norms change what is drawn, not what a head is called."""
    data = attention(trace, weighting="value_norm", aggregate="mean")
    plain = row_figures(trace, attention(trace, aggregate="mean"))["first"]
    assert not np.allclose(row_figures(trace, data)["first"], plain)
    heads = head_figures(trace)["first"].mean("head")
    np.testing.assert_allclose(plain, heads, rtol=1e-5)


def test_the_second_part_begins_where_it_is_said_or_with_the_output(trace):
    def split(**options) -> int | None:
        return json.loads(attention(trace, **options).attrs["options"])["split"]

    assert split() is None
    assert split(split=3) == 3
    assert split(split=-2) == T - 2
    trace = replace(trace, tokens=replace(trace.tokens, n_prompt=4))
    assert split() == 4
    assert split(split=2) == 2
