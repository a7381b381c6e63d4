"""Head figures: planted heads score 1, and every figure equals a plain loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.lens.attention import attention
from cutaway.lens.heads import head_figures

from .fakes import FakeSource, fake_trace

IDS = (5, 6, 7, 7, 5, 6, 7, 5)  # with a repeat side by side
T = len(IDS)


class WeightSource(FakeSource):
    """Answers made-up weights, and counts what it was asked for."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights, self.asked = weights, []

    def attention(self, trace, layer, heads):
        self.asked.append((layer, tuple(heads)))
        return self.weights[layer, list(heads)]


def causal(seed: int = 0, shape: tuple[int, ...] = (2, 4)) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(*shape, T, T))
    weights = np.exp(scores) * np.tri(T)
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def attention_trace(weights: np.ndarray):
    bare = fake_trace([np.zeros((T, 0))] * len(weights))
    heads = (weights.shape[1],) * len(weights)
    card = replace(bare.card, heads=heads, kv_heads=tuple(h // 2 for h in heads))
    tokens = replace(bare.tokens, ids=IDS)
    return replace(bare, card=card, tokens=tokens, source=WeightSource(weights))


def test_weights_are_computed_when_touched_head_by_head():
    weights = causal()
    trace = attention_trace(weights)
    data = attention(trace)
    assert trace.source.asked == []
    one = data["weight"].sel(layer=1, head=2)
    np.testing.assert_array_equal(one.values, weights[1, 2])
    assert trace.source.asked == [(1, (2,))]
    np.testing.assert_array_equal(data["weight"].values, weights)
    part = data["weight"].isel(layer=0, head=[3, 1], query=slice(2, 5), key=-1)
    np.testing.assert_array_equal(part.values, weights[0][[3, 1], 2:5, -1])
    assert data["group"].values.tolist() == [0, 0, 1, 1]


def test_layers_and_heads_keep_their_numbers():
    weights = causal()
    data = attention(attention_trace(weights), layers=[1, 0], heads=[3])
    assert data["layer"].values.tolist() == [1, 0]
    assert data["head"].values.tolist() == [3]
    np.testing.assert_array_equal(data["weight"].values[0, 0], weights[1, 3])


@pytest.mark.parametrize(
    ("name", "key"),
    [("first", lambda q: 0), ("previous", lambda q: max(q - 1, 0)), ("same", lambda q: q)],
)
def test_a_planted_head_scores_one(name, key):
    weights = np.zeros((1, 1, T, T), dtype=np.float32)
    for q in range(T):
        weights[0, 0, q, key(q)] = 1
    assert head_figures(attention_trace(weights))[name].item() == pytest.approx(1)


def test_a_planted_induction_head_scores_one():
    weights = np.zeros((1, 1, T, T), dtype=np.float32)
    for q in range(T):
        earlier = [k + 1 for k in range(q) if IDS[k] == IDS[q]]
        weights[0, 0, q, earlier[-1] if earlier else 0] = 1
    assert head_figures(attention_trace(weights))["induction"].item() == pytest.approx(1)


def test_every_figure_equals_a_plain_loop():
    weights = causal(3)
    data = head_figures(attention_trace(weights), tokens=["x"])
    for layer in range(2):
        for head in range(4):
            w = weights[layer, head].astype(float)
            rows = range(1, T)
            entropy = [-sum(w[q, k] * np.log(w[q, k]) for k in range(q + 1)) for q in rows]
            found = data.isel(layer=layer, head=head)
            assert found["entropy"] == pytest.approx(np.mean(entropy))
            broad = [e / np.log(q + 1) for e, q in zip(entropy, rows, strict=True)]
            assert found["broad"] == pytest.approx(np.mean(broad))
            assert found["first"] == pytest.approx(np.mean([w[q, 0] for q in rows]))
            assert found["previous"] == pytest.approx(np.mean([w[q, q - 1] for q in rows]))
            assert found["same"] == pytest.approx(np.mean([w[q, q] for q in rows]))
            distance = [sum(w[q, k] * (q - k) for k in range(q + 1)) for q in rows]
            assert found["distance"] == pytest.approx(np.mean(distance))
            again = [
                sum(w[q, k] for k in range(q) if IDS[k] == IDS[q])
                for q in rows if any(IDS[k] == IDS[q] for k in range(q))
            ]  # fmt: skip
            assert found["duplicate"] == pytest.approx(np.mean(again))
            after = [[k for k in range(1, q + 1) if IDS[k - 1] == IDS[q]] for q in range(T)]
            mass = [sum(w[q, k] for k in keys) for q, keys in enumerate(after) if keys]
            assert found["induction"] == pytest.approx(np.mean(mass))
            assert found["chosen"] == pytest.approx(1, abs=1e-6)  # every fake text is "x"
            assert found["missing"] == pytest.approx(0, abs=1e-6)
            assert found["next"] == pytest.approx(0)


def test_figures_of_weights_that_are_there_need_no_room_for_them(monkeypatch):
    trace = attention_trace(causal())
    there, expected = attention(trace).compute(), head_figures(trace)
    monkeypatch.setenv("CUTAWAY_MEMORY", str((2 * 4 * T * T + 1) / 1e9))  # two squares of float32
    xr.testing.assert_identical(head_figures(trace, weights=there), expected)
    with pytest.raises(MissingError, match="memory"):
        head_figures(trace)


def test_a_head_that_looks_ahead_is_measured_against_all_tokens():
    """As broad as even attention is 1, and the first query counts: it has others to look at."""
    even = np.full((1, 2, T, T), 1 / T, dtype=np.float32)
    even[0, 1] = np.eye(T, k=1) + np.eye(T, k=1 - T)  # to the next token, the last to the first
    found = head_figures(attention_trace(even)).isel(layer=0)
    np.testing.assert_allclose(found["broad"], [1, 0], atol=1e-6)
    np.testing.assert_allclose(found["entropy"], [np.log(T), 0], atol=1e-6)
    np.testing.assert_allclose(found["next"], [1 / T, 1], atol=1e-6)
    ahead = np.abs(np.subtract.outer(range(T), range(T))).mean()
    np.testing.assert_allclose(found["distance"], [ahead, 2 * (T - 1) / T], atol=1e-6)


def test_missing_mass_is_what_the_rows_lack():
    left = np.linspace(0.2, 0.9, T, dtype=np.float32)  # of each query's row; the first counts too
    missing = head_figures(attention_trace(causal() * left[:, None]))["missing"].values
    np.testing.assert_allclose(missing, 1 - left.mean(), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"layers": 2}, InvalidError, "layer 2"),
        ({"heads": 4}, InvalidError, "head 4"),
        ({"heads": [1, 1]}, InvalidError, "heads"),
        ({"tokens": "verbs"}, UnknownError, "verbs"),
        ({"tokens": "re:("}, InvalidError, "regular expression"),
    ],
)
def test_bad_input_is_named(options, error, words):
    with pytest.raises(error, match=words):
        head_figures(attention_trace(causal()), **options)


def test_a_model_without_attention_is_refused():
    with pytest.raises(MissingError, match="attention"):
        attention(fake_trace([np.zeros((4, 0))]))
    with pytest.raises(MissingError, match="no encoder-decoder"):
        attention(attention_trace(causal()), kind="cross")
    with pytest.raises(UnknownError, match="sideways"):
        attention(attention_trace(causal()), kind="sideways")
