"""The picture of one head: it carries every query's vectors, and says what the numbers say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from cutaway.lens.attention_neuron import attention_neuron
from cutaway.trace.attention import AttentionCall
from cutaway.view.kinds import spec_of

from ..lens.fakes import AttentionSource, attention_call, attention_trace

H, K, T, D = 4, 2, 7, 8


def answer(call: AttentionCall, head: int = 3, at: int = -1) -> xr.Dataset:
    bare = attention_trace(1, H, K, T, D)
    return attention_neuron(replace(bare, source=AttentionSource({0: call})), 0, head, at)


def test_it_carries_the_vectors_of_every_token() -> None:
    call = attention_call(H, K, T, D)
    spec = spec_of(answer(replace(call, value=call.value[..., :5])))
    assert spec.kind == "attention_neuron"
    np.testing.assert_array_equal(spec.arrays["query"], call.query[3])
    np.testing.assert_array_equal(spec.arrays["key"], call.key[1])
    np.testing.assert_array_equal(spec.arrays["value"], call.value[1, :, :5])
    assert call.rotary is not None
    np.testing.assert_array_equal(spec.arrays["query_before"], call.rotary.query[3])
    np.testing.assert_array_equal(spec.arrays["key_before"], call.rotary.key[1])
    np.testing.assert_array_equal(spec.arrays["sin"], call.rotary.sin)
    assert (spec.header["layout"], spec.header["sink"], spec.header["cap"]) == ("half", None, None)
    assert (spec.header["group"], spec.header["group_size"]) == (1, 2)


def test_what_a_head_has_not_is_not_there() -> None:
    plain = spec_of(answer(replace(attention_call(H, K, T, D), rotary=None)))
    assert not {"query_before", "cos", "bias", "hidden"} & set(plain.arrays)
    assert plain.header["layout"] is None
    hidden = np.zeros((1, T, T), dtype=bool)
    hidden[0, 5, 2] = True
    bias = np.random.default_rng(0).normal(size=(H, T, T)).astype(np.float32)
    sinks = np.array([0.5, 1, 2, -1], dtype=np.float32)
    call = replace(attention_call(H, K, T, D), hidden=hidden, bias=bias, sinks=sinks, window=3)
    spec = spec_of(answer(call, at=5))
    np.testing.assert_array_equal(spec.arrays["bias"], bias[3])
    assert spec.arrays["hidden"].nonzero() == (np.array([5]), np.array([2]))
    assert (spec.header["sink"], spec.header["window"]) == (-1.0, 3)
    assert np.isnan(spec.arrays["score"][[0, 1, 2, 6]]).all()
    whole = spec.arrays["weight"].sum() + spec.header["sink_weight"]
    assert whole == pytest.approx(1, abs=1e-6)


def test_the_sentence_names_the_key_and_its_largest_terms() -> None:
    data = answer(attention_call(H, K, T, D), at=4)
    key = int(data["weight"].values.argmax())
    product = data["product"].values[key]
    largest = np.argsort(-np.abs(product))[:2]
    header = spec_of(data).header
    said = "".join(words for _, words in header["sentence"])
    assert [words for style, words in header["sentence"] if style == "in"] == ["t4", f"t{key}"]
    assert f"entry {largest[0]} and " in said
    assert said.endswith(f"entry {largest[1]}.")
    signs = ["+" if product[i] > 0 else "−" for i in largest]
    named = [words for style, words in header["sentence"] if style == "b"][2:]
    assert [words[0] for words in named] == signs


def test_a_query_that_sees_nothing_is_said_to() -> None:
    hidden = np.ones((1, T, T), dtype=bool)
    data = answer(replace(attention_call(H, K, T, D), hidden=hidden), at=2)
    said = "".join(words for _, words in spec_of(data).header["sentence"])
    assert said == "At position 2, t2 can see no token."
