"""Finding the rotary embedding of a block: angles that turn a module's output into the queries.

Cosines and sines travel as a pair of tensors, among the arguments of a module in the block or as
the result of one. A pair is believed where queries and keys, turned back by it, are what modules
of the block gave out, number by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from torch import Tensor

from ..trace.attention import AttentionCall, Layout, Rotary
from ..trace.source import Floats
from .hooks import ModuleCall
from .record import numbers
from .structure import Angles

__all__ = ["RotaryCache", "find_angles", "pair_at", "pair_in"]

_SPREADS = ("whole", "twice", "each", "half")
Pair = tuple[Tensor, Tensor]


class RotaryCache:
    """The angles of one pass as numbers: most layers share them, which are copied once."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, str], tuple[Pair, tuple[Floats, Floats]]] = {}

    def give(self, record: AttentionCall, angles: Angles, pair: Pair) -> AttentionCall:
        """The record with its rotary embedding; the pair is cosines and sines."""
        known = self._read.get((id(pair[0]), angles.spread))
        if known is None:  # the pair is kept, so that its id is not given to another tensor
            spread = tuple(_spread(numbers(t.reshape(t.shape[-2:])), angles.spread) for t in pair)
            known = self._read[id(pair[0]), angles.spread] = pair, (spread[0], spread[1])
        return replace(record, rotary=Rotary(record.query, record.key, *known[1], angles.layout))


def find_angles(record: AttentionCall, seen: Sequence[ModuleCall], bound: float) -> Angles | None:
    """Where the angles of this record's rotary embedding are; None where none is proven.

    seen   the calls of the block's modules on the same text, with their arguments
    bound  how far the queries turned back may lie from the module's, in its largest entry
    """
    T, d = record.query.shape[1:]
    outputs = [rows for call in seen for rows in _rows(call, T, d)]
    tried: set[int] = set()
    for path, argument, pair in _pairs(seen):
        if id(pair[0]) in tried or pair[0].shape[-2] != T:
            continue
        tried.add(id(pair[0]))
        for spread in _SPREADS:
            for layout in get_args(Layout):
                angles = Angles(path, argument, spread, layout)  # type: ignore[arg-type]
                if _holds(RotaryCache().give(record, angles, pair), d, outputs, bound):
                    return angles
    return None


def pair_in(value: Any) -> Pair | None:
    """The value as two tensors of one shape, (1, T, r) or (T, r); None where it is no such."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return None
    cos, sin = value
    if not (isinstance(cos, Tensor) and isinstance(sin, Tensor)) or cos.shape != sin.shape:
        return None
    plain = cos.is_floating_point() and cos.dim() >= 2 and cos.shape[:-2].numel() == 1
    return (cos, sin) if plain else None


def pair_at(angles: Angles, seen: Sequence[ModuleCall]) -> Pair:
    """The pair that these angles are read from, among the calls they were found in."""
    for path, argument, pair in _pairs(seen):
        if (path, argument) == (angles.path, angles.argument):
            return pair
    raise LookupError(angles.path)


def _pairs(seen: Sequence[ModuleCall]) -> Iterator[tuple[str, int | str | None, Pair]]:
    for call in seen:
        given: dict[int | str, Any] = dict([*enumerate(call.args), *call.kwargs.items()])
        for argument, value in given.items():
            pair = pair_in(value)
            if pair is not None:
                yield call.path, argument, pair
        pair = pair_in(tuple(call.outputs.values()))
        if pair is not None:
            yield call.path, None, pair


def _holds(record: AttentionCall, d: int, outputs: Sequence[Floats], bound: float) -> bool:
    """Whether the turned-back queries and keys are given out by modules, and turn at all."""
    rotary = record.rotary
    assert rotary is not None
    r = rotary.cos.shape[-1]
    if r > d or r % 2 or not rotary.sin.any():
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        found = rotary.query, rotary.key
    return all(any(_given(rows, output, bound) for output in outputs) for rows in found)


def _given(rows: Floats, output: Floats, bound: float) -> bool:
    """Whether every head's (T, d) rows are among an output's (m, T, d) parts."""
    reach = bound * float(np.abs(rows).max(initial=0))
    return all(bool((np.abs(output - head).max(axis=(1, 2)) <= reach).any()) for head in rows)


def _rows(call: ModuleCall, T: int, d: int) -> Iterator[Floats]:
    """(m, T, d) the parts of width d of what a module gave for each token, heads or not."""
    for tensor in call.outputs.values():
        rows = tensor[0] if tensor.dim() > 2 and len(tensor) == 1 else tensor
        if rows.dim() == 3 and rows.shape[1] == T != rows.shape[0]:
            rows = rows.transpose(0, 1)  # heads before tokens
        if len(rows) == T and rows.numel() % (T * d) == 0 and rows.numel():
            yield numbers(rows.reshape(T, -1, d).transpose(0, 1))


def _spread(values: Floats, how: str) -> Floats:
    if how == "twice":
        return np.concatenate([values, values], axis=-1)
    if how == "half":
        values = values[..., : values.shape[-1] // 2]
    return values if how == "whole" else np.repeat(values, 2, axis=-1)
