"""The key-value group of each head, also where layers group theirs differently."""

from __future__ import annotations

from dataclasses import replace

from cutaway.lens.attention import attention

from .fakes import attention_trace


def test_groups_are_those_of_the_layers_asked_for():
    trace = attention_trace(n_layers=2, H=4, K=2)
    mixed = replace(trace, card=replace(trace.card, kv_heads=(2, 1)))
    assert attention(mixed, layers=0).data_vars["weight"].dims[1] == "head"
    assert attention(mixed, layers=0)["group"].values.tolist() == [0, 0, 1, 1]
    assert attention(mixed, layers=1)["group"].values.tolist() == [0, 0, 0, 0]
    assert attention(mixed)["group"].values.tolist() == [-1] * 4
