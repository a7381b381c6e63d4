"""Weights of an attention call are those of a plain loop; the rotary embedding is a rotation."""

from __future__ import annotations

from dataclasses import replace
from math import exp, tanh
from typing import Any

import numpy as np
import pytest

from cutaway.trace.attention import AttentionCall, Rotary
from tests.lens.fakes import attention_call

H, K, T, D = 4, 2, 7, 6
RNG = np.random.default_rng(5)
HIDDEN = RNG.random((H, T, T)) < 0.2
HIDDEN[:, np.arange(T), np.arange(T)] = False

SETTINGS: dict[str, dict[str, Any]] = {
    "causal": {},
    "both ways": {"causal": False},
    "window": {"window": 3},
    "hidden": {"hidden": HIDDEN},
    "hidden from all heads": {"hidden": HIDDEN[:1]},
    "bias": {"bias": RNG.normal(size=(H, T, T)).astype(np.float32)},
    "cap": {"cap": 0.7, "scale": 1.3},
    "sinks": {"sinks": RNG.normal(size=H).astype(np.float32)},
    "all": {
        "window": 4, "hidden": HIDDEN, "bias": RNG.normal(size=(1, T, T)).astype(np.float32),
        "cap": 1.5, "sinks": RNG.normal(size=H).astype(np.float32),
    },
}  # fmt: skip


def plainly(call: AttentionCall, head: int) -> np.ndarray:
    """(T, T) one number after the other, in Python's own float64."""
    weights = np.zeros((T, T))
    for i in range(T):
        exps = {}
        for j in range(T):
            key = call.key[head * K // H, j]
            pairs = zip(call.query[head, i], key, strict=True)
            score = call.scale * sum(float(a) * float(b) for a, b in pairs)
            score = score if call.cap is None else call.cap * tanh(score / call.cap)
            if call.bias is not None:
                score += float(call.bias[head if len(call.bias) > 1 else 0, i, j])
            late = call.causal and j > i
            early = call.window is not None and i - j >= call.window
            shut = call.hidden is not None and call.hidden[head % len(call.hidden), i, j]
            if not (late or early or shut):
                exps[j] = exp(score)
        total = sum(exps.values()) + (0 if call.sinks is None else exp(call.sinks[head]))
        for j, value in exps.items():
            weights[i, j] = value / total
    return weights


@pytest.mark.parametrize("name", SETTINGS)
def test_weights_are_those_of_a_plain_loop(name: str) -> None:
    call = replace(attention_call(H, K, T, D), **SETTINGS[name])
    found = call.weights([2, 0, 3])
    for row, head in enumerate([2, 0, 3]):
        np.testing.assert_allclose(found[row], plainly(call, head), atol=1e-6)
    missing = 1 - call.weights(range(H)).sum(axis=-1)
    assert missing.min() > 0.01 if call.sinks is not None else abs(missing).max() < 1e-6


@pytest.mark.parametrize("name", SETTINGS)
def test_a_row_is_the_same_row_of_all(name: str) -> None:
    call = replace(attention_call(H, K, T, D), **SETTINGS[name])
    whole = call.weights(range(H))
    for at in (0, 3, T - 1):
        np.testing.assert_allclose(call.row(at).weights(range(H))[:, 0], whole[:, at], atol=1e-7)


def test_a_row_that_sees_nothing_is_all_zero() -> None:
    call = replace(attention_call(H, K, T, D), hidden=np.ones((1, T, T), dtype=bool))
    assert not call.weights([0, 1]).any()


@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize("factor", [1.0, 1.7])
def test_a_rotation_turns_pairs_by_their_angles_and_back(layout: Any, factor: float) -> None:
    """As complex numbers; a factor on the angles, as in YaRN, is undone too. d = 6, r = 4."""
    angle = RNG.normal(size=(T, 2))
    spread = np.tile(angle, 2) if layout == "half" else angle.repeat(2, axis=1)
    cos, sin = factor * np.cos(spread), factor * np.sin(spread)
    query, key = RNG.normal(size=(H, T, D)), RNG.normal(size=(K, T, D))
    rotary = Rotary(query, key, cos, sin, layout)
    first, second = ((0, 1), (2, 3)) if layout == "half" else ((0, 2), (1, 3))
    turned = rotary.turned(query)
    expected = (query[..., first] + 1j * query[..., second]) * factor * np.exp(1j * angle)
    np.testing.assert_allclose(turned[..., first], expected.real, atol=1e-12)
    np.testing.assert_allclose(turned[..., second], expected.imag, atol=1e-12)
    np.testing.assert_array_equal(turned[..., 4:], query[..., 4:])
    np.testing.assert_allclose(rotary.turned(rotary.query), query, atol=1e-12)
    np.testing.assert_allclose(rotary.turned(rotary.key), key, atol=1e-12)


def test_value_norms_are_each_head_s_own_group_s() -> None:
    call = attention_call(H, K, T, D)
    for head in range(H):
        expected = np.sqrt((call.value[head // 2].astype(np.float64) ** 2).sum(-1))
        np.testing.assert_allclose(call.value_norms()[head], expected, rtol=1e-6)
