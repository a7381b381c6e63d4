"""What attention is said to take: what NumPy allocates for a saved trace, and sums for others."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cutaway.lens.attention import attention
from cutaway.lens.attention_kind import read_attention_kind
from cutaway.lens.attention_memory import attention_memory
from cutaway.trace.stored_source import StoredSource
from cutaway.trace.trace import Trace

from .fakes import attention_trace

T, HEADS = 200, 6


def saved_trace() -> Trace:
    """Two blocks of six heads whose queries and keys were kept; no model."""
    made = attention_trace(2, HEADS, 3, T)
    calls = {layer: made.attention_call(layer) for layer in range(2)}
    return replace(made, source=StoredSource({}), calls=calls)


def allocated(ask: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        ask()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("which", "n_layers", "n_heads"),
    [({"layer": 0, "head": 1}, 1, 1), ({"layer": 0}, 1, HEADS), ({}, 2, HEADS)],
)
def test_a_saved_trace_takes_what_is_said(which: dict[str, int], n_layers: int, n_heads: int):
    trace = saved_trace()
    weight = attention(trace)["weight"].isel(which)
    said = attention_memory(read_attention_kind(trace, "self"), [0, 1])
    taken = allocated(lambda: weight.values)  # also of arrays that are not filled yet
    assert taken == pytest.approx(said.of_heads(n_layers, n_heads), rel=0.3)


@pytest.mark.parametrize("aggregate", ["mean", "max", "rollout"])
def test_aggregates_take_what_is_said(aggregate: str):
    trace = saved_trace()
    weight = attention(trace, aggregate=aggregate)["weight"]
    said = attention_memory(read_attention_kind(trace, "self"), [0, 1])
    taken = allocated(lambda: weight.values)
    assert taken == pytest.approx(said.of_aggregate(2, aggregate), rel=0.25)


def test_a_live_text_is_held_as_well():
    """Its calls, and for what heads write also queries, keys and values of its own."""
    saved = saved_trace()
    live = replace(saved, source=attention_trace().source, calls={}, card=replace(
        saved.card, call_bytes=(0, 4 * 8 * (HEADS + 2 * 3), 0)
    ))  # fmt: skip
    kind = read_attention_kind(live, "self")
    assert attention_memory(read_attention_kind(saved, "self"), [0]).held == 0
    queries_keys_values, given = 4 * T * 8 * (HEADS + 2 * 3), 4 * T * 8 * HEADS
    assert attention_memory(kind, [0]).held == queries_keys_values + given
    norms = attention_memory(kind, [0], "value_norm").held
    assert norms == 2 * queries_keys_values + given
    kept = replace(live, calls=saved.calls)
    assert attention_memory(read_attention_kind(kept, "self"), [0], "value_norm").held == (
        queries_keys_values + given
    )


def test_more_heads_and_blocks_take_more():
    memory = attention_memory(read_attention_kind(saved_trace(), "self"), [0, 1])
    sizes = [[memory.of_heads(layers, n) for n in range(1, HEADS + 1)] for layers in (1, 2)]
    assert np.all(np.diff(sizes, axis=0) >= 0)
    assert np.all(np.diff(sizes, axis=1) >= 0)
    assert memory.of_heads(2) == memory.of_heads(2, HEADS)
