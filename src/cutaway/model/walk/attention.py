"""The attention of one block at one position: norm, query, key, value, scores, weights, output."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import MissingError
from ...trace.attention import AttentionCall
from ...trace.source import Floats
from ...trace.walk import TOLERANCE
from ..equality import as_float64
from ..hooks import ModuleCall
from .formulas import gap, linear
from .heads import as_rows, head_columns
from .projections import project, projected
from .scores import turn, weigh
from .side import Side
from .step_log import RecordedStep

__all__ = ["Branch", "SeenAttention", "attention_steps"]


@dataclass(frozen=True)
class Branch:
    """What attention adds to the state: (T, width) rows, and the step that has them."""

    rows: Tensor
    step: str


@dataclass(frozen=True, eq=False)
class SeenAttention:
    """What one attention of a block worked on.

    weights  (H, T, S) of the model's own eager function, or seen to multiply its values
    groups   key-value heads
    call     its queries, keys and values; None where they can't be had, and `why`
    """

    weights: Floats
    groups: int
    call: AttentionCall | None = None
    why: str = ""

    def row(self, at: int, *, causal: bool) -> Tensor:
        """(H, n) the weights at a position: on the tokens up to it, where none sees a later one."""
        n = at + 1 if causal else self.weights.shape[2]
        return torch.from_numpy(self.weights[:, at, :n].copy())


def attention_steps(query: Side, keys: Side, looked: SeenAttention, *, causal: bool) -> Branch:
    """Every step from the state before the attention to what it adds to it.

    query, keys  the side that looks and the side that is looked at; one and the same, where a text
                 looks at itself
    causal       whether no token sees a later one

    Raises MissingError at the first step that can't be proven; those before it are in the log.
    """
    call = looked.call
    if call is None:
        mixed = _by_weights_alone(query, keys, looked, causal=causal)
        return _out(query, mixed)
    queries, own_keys = call.query, call.key
    if call.rotary is not None:
        queries, own_keys = call.rotary.query, call.rotary.key
    project(query, as_rows(queries), "query", len(call.key))
    project(keys, as_rows(own_keys), "key", len(call.key))
    project(keys, as_rows(call.value), "value", len(call.key))
    if call.rotary is not None:
        turn(query, call)
    return _out(query, weigh(query, call, looked.row(query.at, causal=call.causal)))


def _by_weights_alone(query: Side, keys: Side, looked: SeenAttention, *, causal: bool) -> Tensor:
    """(H, dv) the values mixed by weights whose scores can't be had: told by what they give.

    The value is that part of a linear module's output which, mixed, is what another one takes.
    """
    weights = looked.row(query.at, causal=causal)
    H, n = weights.shape
    for out in query.outs:
        wanted = query.watched.taken(out)[0][1][query.at]
        if wanted.numel() % H:
            continue
        d = wanted.numel() // H
        for call in keys.linears:
            rows = keys.watched.made(call)[0]
            for cut in head_columns(rows.shape[1], looked.groups, d, looked.groups):
                value = cut.take(rows)
                spread = as_float64(value[:n]).repeat_interleave(H // looked.groups, 1)
                mixed = torch.einsum("hk,khd->hd", as_float64(weights), spread)
                if gap(mixed.flatten(), wanted) <= TOLERANCE:
                    projected(keys, call, cut, 1.0, value, "value_vector", "value")
                    query.add(RecordedStep(
                        "weights", "Where it looks" + query.where, query.stage,
                        "the model's own; its scores are made in a way that is not walked",
                        weights, ("head", query.key_axis),
                    ))  # fmt: skip
                    return mixed
    raise MissingError(
        "the values", because="no linear module's output, mixed by the weights, is what another "
        "one takes",
    )  # fmt: skip


def _out(query: Side, mixed: Tensor) -> Branch:
    """The output projection: what all heads together add to the state."""
    merged = mixed.reshape(1, -1)
    for call in query.outs:
        taken, made = query.watched.taken(call)[0][1], query.watched.made(call)[0]
        if gap(merged[0], taken[query.at]) > TOLERANCE:
            continue
        query.add(RecordedStep(
            "head_output", "Mix the values", query.stage, "sum of weight × value, head by head",
            taken[query.at].reshape(mixed.shape), ("head", "feature"),
            inputs=query.named("weights", "value_vector"), recomputed=mixed,
        ))  # fmt: skip
        return _merged(query, call, merged, made)
    raise MissingError(
        "the output projection",
        because="no linear module of the attention takes what the heads give side by side",
    )


def _merged(query: Side, call: ModuleCall, merged: Tensor, made: Tensor) -> Branch:
    found = linear(call.module, merged)
    if found is None:
        raise MissingError(f"the weights of {call.path}", because="they are no plain matrix")
    step = query.add(RecordedStep(
        "output", "Merge the heads", query.stage, f"{found[0]}, all heads side by side",
        made[query.at], ("channel",), inputs=query.named("head_output"),
        module=(call.path, call.module), recomputed=found[1][0],
    ))  # fmt: skip
    return Branch(made, step)
