"""Neurons as rows: the matrix that clusters and factors are made from.

Where the activation function gives the sign a meaning (GELU, ReLU) a neuron is one row, its
positive part. In a gated MLP the sign is arbitrary (flip an up row and its down column: the same
model), so a neuron is two rows, its positive and its negative part, in an order that such a flip
can't change.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.axes import as_list, read_position
from ..core.choices import read_choice
from ..core.errors import InvalidError
from ..core.returned import Kept
from ..core.room import check_room
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .neurons import read_neuron_layers, replay_bytes

__all__ = [
    "PARTS", "ActivationRows", "moved_up", "read_activation_rows", "read_excluded",
    "read_joined_rows", "read_kept",
]  # fmt: skip

PARTS = ("positive", "negative")
#: Rows that are moved at once.
_TOGETHER = 4096


@dataclass(frozen=True)
class ActivationRows:
    """Rows of non-negative activations, and which neuron each is.

    rows       (M, T) activations of one part of one neuron; all-zero rows are left out
    layer      (M,) index into `layers`
    neuron     (M,) the neuron within its block
    part       (M,) index into `parts`
    layers     the blocks' numbers;  parts  their names;  width  neurons of the widest block
    positions  (T,) the positions that were kept
    """

    rows: Floats
    layer: Ints
    neuron: Ints
    part: Ints
    layers: tuple[int, ...]
    parts: tuple[str, ...]
    width: int
    positions: tuple[int, ...]

    def spread(self, values: Floats) -> Floats:
        """(M, n) values of the rows -> (n, layer, neuron, part), 0 where a row was all zero."""
        shape = (values.shape[1], len(self.layers), self.width, len(self.parts))
        whole = np.zeros(shape, dtype=np.float32)
        whole[:, self.layer, self.neuron, self.part] = values.T
        return whole


def read_activation_rows(
    trace: Trace,
    layers: int | Sequence[int] | None,
    parts: str | Sequence[str] | None,
    exclude: Iterable[int],
) -> ActivationRows:
    """The rows of the chosen blocks, parts and positions."""
    return read_joined_rows([trace], layers, parts, exclude)


def read_joined_rows(
    traces: Sequence[Trace],
    layers: int | Sequence[int] | None,
    parts: str | Sequence[str] | None,
    exclude: Iterable[int],
) -> ActivationRows:
    """The rows of several traces of one model, their positions one after another.

    exclude    left out of each;  positions  of the result count on from trace to trace
    """
    first = traces[0]
    chosen = read_neuron_layers(first, layers)
    names = _read_parts(parts, first.card.gated)
    kept = [read_kept(trace, exclude) for trace in traces]
    count, width = sum(map(len, kept)), max(first.card.neurons[layer] for layer in chosen)
    shape = (len(chosen), width, len(names), count)
    check_room(
        "the rows of the neurons",
        # rows are filled while activations that were read again are let go of; sorting and solving
        # take a fifth more, as measured
        4 * math.prod(shape) * 6 // 5 + max(replay_bytes(trace, chosen) for trace in traces),
        "give fewer layers, or a shorter text",
    )
    split, low = np.zeros(shape, dtype=np.float32), 0
    for trace, some in zip(traces, kept, strict=True):
        _split(trace, chosen, names, some, split[..., low : low + len(some)])
        low += len(some)
    before = np.cumsum([0, *(trace.n_positions for trace in traces)]).tolist()
    positions = [start + i for start, some in zip(before, kept, strict=False) for i in some]
    return _rows(split, chosen, names, tuple(positions))


def _split(
    trace: Trace, chosen: tuple[int, ...], names: tuple[str, ...], kept: list[int], out: Floats
) -> None:
    """Fills (layer, neuron, part, position) with the parts of the activations, layer by layer."""
    material, freed = dict(trace.material("neurons", chosen)), Kept()
    whole = len(kept) == trace.n_positions
    for row, layer in enumerate(chosen):
        array = material.pop(layer)
        values = np.nan_to_num(array if whole else array[kept]).T
        for part, name in enumerate(names):
            side = out[row, : len(values), part]
            np.multiply(values, 1 if name == "positive" else -1, out=side)
            np.maximum(side, 0, out=side)
        freed.add(array.nbytes)  # one that was replayed is no longer needed


def _rows(
    split: Floats, chosen: tuple[int, ...], names: tuple[str, ...], positions: tuple[int, ...]
) -> ActivationRows:
    order = np.stack([_order(rows) for rows in split])
    for rows, turned in zip(split, order[:, :, 0] == 1, strict=True):  # a layer at a time
        rows[turned] = rows[turned, ::-1]
    flat = split.reshape(-1, len(positions))
    layer, neuron, _ = np.unravel_index(np.arange(len(flat)), split.shape[:3])
    some = np.asarray(flat.any(axis=1))
    return ActivationRows(
        rows=moved_up(flat, some),
        layer=layer[some], neuron=neuron[some], part=order.reshape(-1)[some],
        layers=chosen, parts=names, width=split.shape[1], positions=positions,
    )  # fmt: skip


def moved_up(rows: Floats, some: NDArray[np.bool_]) -> Floats:
    """Some of the rows, in their own place: a copy of the others would be as large again."""
    if some.all():
        return rows
    count = 0
    for low in range(0, len(rows), _TOGETHER):
        part = rows[low : low + _TOGETHER][some[low : low + _TOGETHER]]
        rows[count : count + len(part)] = part
        count += len(part)
    return rows[:count]


def read_kept(trace: Trace, exclude: Iterable[int]) -> list[int]:
    """The positions that are left; InvalidError where none is."""
    out = read_excluded(exclude, trace.n_positions)
    kept = [i for i in range(trace.n_positions) if i not in out]
    if not kept:
        raise InvalidError("exclude", sorted(out), allowed="fewer than all positions")
    return kept


def read_excluded(exclude: Iterable[int], n_positions: int) -> frozenset[int]:
    """The positions left out; negative ones count from the end."""
    if isinstance(exclude, str) or not isinstance(exclude, Iterable):
        raise InvalidError("exclude", exclude, allowed="a list of positions", fix="write [0]")
    given = as_list(exclude)
    return frozenset(read_position(at, n_positions, "position in exclude") for at in given)


def _read_parts(parts: str | Sequence[str] | None, gated: bool) -> tuple[str, ...]:
    if parts is None:
        return PARTS if gated else PARTS[:1]
    names = tuple(read_choice("part", name, PARTS) for name in as_list(parts))
    if not names or len(set(names)) != len(names):
        raise InvalidError("parts", parts, allowed="'positive', 'negative' or both")
    if gated and len(names) == 1:
        raise InvalidError(
            "parts", parts, allowed="both parts, or None",
            fix="the sign of a gated MLP's activation means nothing",
        )  # fmt: skip
    return tuple(sorted(names, reverse=True))


def _order(rows: Floats) -> Ints:
    """(neuron, part) of a layer: a neuron's parts, the one whose row is greater first.

    rows  (neuron, part, T)

    Rows are compared entry by entry, so that only equal rows tie, and a tie changes nothing.
    """
    first = np.zeros(rows.shape[:2], dtype=np.int64)
    if rows.shape[1] == 1:
        return first
    differs = rows[:, 0] != rows[:, 1]  # (neuron, T)
    at = differs.argmax(axis=-1)[..., None]
    swap = np.take_along_axis(rows[:, 0] < rows[:, 1], at, axis=-1)[..., 0]
    first[..., 0], first[..., 1] = swap, ~swap
    return first
