"""A page of queries and keys: what it holds gives back every weight, to within what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutaway as ct
from cutaway.core.errors import CutawayError, InvalidError, MissingError, UnknownError
from cutaway.lens.float16_queries import float16_queries
from cutaway.trace.trace import Trace
from cutaway.view.spec import Spec

from ..lens.fakes import AttentionSource, attention_trace

L, H, K, T = 2, 4, 2, 9


def trace(**changes: Any) -> Trace:
    made = attention_trace(L, H=H, K=K, T=T, d=6)
    source: Any = made.source
    calls = {layer: replace(call, **changes) for layer, call in source.calls.items()}
    return replace(made, source=AttentionSource(calls))  # type: ignore[arg-type]


def by_hand(spec: Spec, layer: int, head: int) -> np.ndarray:
    """(T, T) as the page computes it: from the bits, one row after another."""
    how, arrays = spec.header["queries"], spec.arrays
    query = arrays["query"][layer * len(spec.header["heads"]) + head].view(np.float16)
    key = arrays["key"][layer * how["groups"] + how["of"][head]].view(np.float16)
    found = np.zeros((T, T))
    for i in range(T):
        score = how["scale"][layer] * (key.astype(float) @ query[i].astype(float))
        if how["cap"][layer] is not None:
            score = how["cap"][layer] * np.tanh(score / how["cap"][layer])
        seen = np.arange(T) <= i if how["causal"][layer] else np.ones(T, dtype=bool)
        if how["window"][layer] is not None:
            seen &= np.arange(T) > i - how["window"][layer]
        sink = np.exp(arrays["sink"][layer, head]) if "sink" in arrays else 0
        found[i] = np.where(seen, np.exp(score), 0) / (np.exp(score[seen]).sum() + sink)
    return found


@pytest.mark.parametrize(
    "changes",
    [{}, {"window": 3}, {"cap": 2.0}, {"causal": False}, {"sinks": np.ones(H, np.float32)}],
    ids=["plain", "window", "cap", "encoder", "sinks"],
)
def test_every_weight_comes_back_to_within_what_the_page_says(changes: dict[str, Any]) -> None:
    recorded = trace(**changes)
    view = ct.attention(recorded, carry="queries")
    spec, weights = view.spec, view.data["weight"].values
    found = np.array([[by_hand(spec, layer, head) for head in range(H)] for layer in range(L)])
    error = spec.header["queries"]["error"]
    assert 0 < error < 0.01
    assert np.abs(found - weights).max() == pytest.approx(error, rel=0.05)
    assert "weights" not in spec.arrays
    assert (spec.arrays["place"] == -1).all()
    assert set(spec.later) == {"query", "key"}


def test_heads_keep_their_groups() -> None:
    spec = ct.attention(trace(), layers=[1, 0], heads=[3, 0], carry="queries").spec
    weights = ct.attention(trace()).data["weight"].values
    assert spec.header["queries"]["of"] == [1, 0]
    for row, layer in enumerate((1, 0)):
        for column, head in enumerate((3, 0)):
            np.testing.assert_allclose(by_hand(spec, row, column), weights[layer, head], atol=0.01)


def test_thumbnails_and_figures_are_those_of_the_exact_weights() -> None:
    carried, plain = (ct.attention(trace(), carry=carry).spec for carry in ("queries", "weights"))
    for name in ("thumbnails", "thumbnails_rest", "figures"):
        np.testing.assert_array_equal(carried.arrays[name], plain.arrays[name])
    assert plain.header["queries"] is None


def test_a_notebook_asks_for_weights_as_ever() -> None:
    view = ct.attention(trace(), carry="queries")
    assert view._live_spec.header["queries"] is None
    assert view._live_spec.header["live"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bias": np.zeros((1, T, T), np.float32)}, "position bias"),
        ({"hidden": np.zeros((1, T, T), bool)}, "mask of its own"),
        ({"query": np.full((H, T, 6), 1e5, np.float32)}, "65,504"),
    ],
)
def test_what_queries_and_keys_do_not_tell_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(MissingError, match=words):
        ct.attention(trace(**changes), carry="queries").spec  # noqa: B018


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"carry": "keys"}, UnknownError),
        ({"carry": "queries", "weighting": "value_norm"}, InvalidError),
        ({"carry": "queries", "aggregate": "mean"}, InvalidError),
    ],
)
def test_bad_input_is_named(options: dict[str, str], error: type[CutawayError]) -> None:
    with pytest.raises(error, match="carry"):
        ct.attention(trace(), **options)  # type: ignore[arg-type]


def test_layers_whose_heads_differ_in_size_are_refused() -> None:
    made = trace()
    source: Any = made.source
    call = source.calls[1]
    source.calls[1] = replace(call, query=call.query[..., :4], key=call.key[..., :4], rotary=None)
    with pytest.raises(InvalidError, match="one size"):
        float16_queries(made, range(L), range(H))
