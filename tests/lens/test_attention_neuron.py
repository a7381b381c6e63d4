"""One head at one token: every step equals a plain loop, and the steps lead to one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from cutaway.core.errors import InvalidError, MissingError
from cutaway.lens.attention_neuron import attention_neuron
from cutaway.trace.attention import AttentionCall
from cutaway.trace.trace import Trace

from .fakes import AttentionSource, attention_call, attention_trace, fake_trace

H, K, T, D = 4, 2, 6, 8


def asked(call: AttentionCall, head: int = 3, at: int = -1) -> xr.Dataset:
    bare = attention_trace(1, H, K, T, D)
    return attention_neuron(replace(bare, source=AttentionSource({0: call})), 0, head, at)


def rich() -> AttentionCall:
    """A call with all that can shape weights: cap, bias, window, mask and sinks."""
    rng = np.random.default_rng(5)
    hidden = np.zeros((1, T, T), dtype=bool)
    hidden[0, 4, 3] = True
    return replace(
        attention_call(H, K, T, D, 2), cap=1.5, window=4, hidden=hidden,
        bias=rng.normal(size=(H, T, T)).astype(np.float32),
        sinks=rng.normal(size=H).astype(np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("call", [attention_call(H, K, T, D), rich()], ids=["plain", "rich"])
@pytest.mark.parametrize(("head", "at"), [(0, 0), (2, 4), (3, 5)])
def test_every_step_equals_a_plain_loop(call: AttentionCall, head: int, at: int) -> None:
    data = asked(call, head, at)
    query, group = call.query[head, at].astype(float), head // (H // K)
    exps, weighted = {}, np.zeros(D)
    for key in range(T):
        far = key > at or (call.window is not None and key <= at - call.window)
        if far or (call.hidden is not None and call.hidden[0, at, key]):
            assert np.isnan(data["product"][key]).all()
            assert np.isnan(data["score"][key])
            assert data["weight"][key] == 0
            continue
        product = [query[i] * float(call.key[group, key, i]) for i in range(D)]
        np.testing.assert_allclose(data["product"][key], product, rtol=1e-6)
        assert data["dot"][key] == pytest.approx(sum(product), rel=1e-5)
        score = sum(product) * call.scale
        assert data["scaled"][key] == pytest.approx(score, rel=1e-5)
        if call.cap is not None:
            score = call.cap * np.tanh(score / call.cap)
            assert data["capped"][key] == pytest.approx(score, rel=1e-5)
        if call.bias is not None:
            assert data["bias"][key] == pytest.approx(call.bias[head, at, key])
            score += float(call.bias[head, at, key])
        assert data["score"][key] == pytest.approx(score, rel=1e-5)
        exps[key] = np.exp(score)
    total = sum(exps.values()) + (0 if call.sinks is None else np.exp(float(call.sinks[head])))
    for key, exp in exps.items():
        assert data["weight"][key] == pytest.approx(exp / total, rel=1e-5)
        weighted += exp / total * call.value[group, key]
    np.testing.assert_allclose(data["output"], weighted, rtol=1e-4, atol=1e-6)
    assert data["sink_weight"] == pytest.approx(1 - sum(exps.values()) / total, abs=1e-6)


def test_before_rotary_turns_into_what_meets_the_keys() -> None:
    call = attention_call(H, K, T, D)
    data = asked(call, 1)
    turned = call.rotary.turned(
        np.stack([data["queries_before"].values, data["key_before"].values])
    )
    np.testing.assert_allclose(turned[0], data["queries"], atol=1e-6)
    np.testing.assert_allclose(turned[1], data["key_vector"], atol=1e-6)
    np.testing.assert_array_equal(data["query_before"], data["queries_before"][-1])
    np.testing.assert_array_equal(data["query_vector"], data["queries"][-1])
    without = asked(replace(call, rotary=None))
    assert not {"query_before", "key_before", "queries_before", "cos"} & set(without.data_vars)


def test_a_shorter_vector_ends_in_undefined_entries() -> None:
    call = attention_call(H, K, T, D)
    data = asked(replace(call, value=call.value[..., :5]))
    assert np.isnan(data["value_vector"].values[:, 5:]).all()
    assert np.isnan(data["output"].values[5:]).all()
    np.testing.assert_array_equal(data["value_vector"].values[:, :5], call.value[1, :, :5])
    longer = asked(replace(call, value=np.tile(call.value, 2)))
    assert np.isnan(longer["product"].values[:, D:]).all()
    assert longer["dot"].notnull().all()


def test_layer_head_and_query_are_named() -> None:
    data = attention_neuron(attention_trace(2, H, K, T, D), 1, 2, -2)
    assert (int(data["layer"]), int(data["head"]), int(data["query"])) == (1, 2, T - 2)
    assert int(data["group"]) == 1
    assert data.attrs["lens"] == "attention_neuron"


@pytest.mark.parametrize(
    ("place", "words"), [((2, 0, 0), "layer 2"), ((0, 4, 0), "head 4"), ((0, 0, 6), "at 6")]
)
def test_what_is_not_there_is_named(place: tuple[int, int, int], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        attention_neuron(attention_trace(2, H, K, T, D), *place)


def test_a_model_without_attention_is_refused() -> None:
    bare: Trace = fake_trace([np.zeros((4, 0))])
    with pytest.raises(MissingError, match="attention"):
        attention_neuron(bare, 0, 0)
