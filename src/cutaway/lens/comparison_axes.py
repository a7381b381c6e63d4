"""Axes that two answers of one lens have in common: slots of tokens, layers beside layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER
from ..trace.source import Ints
from ..trace.trace import Trace
from .dataset import strings
from .sequence_alignment import Alignment

__all__ = ["paired_layers", "rows_of", "slot_coords"]


def rows_of(wanted: Ints, numbers: Sequence[int]) -> Ints:
    """The row in which each number stands; -1 for one that is not there, as -1 itself is not.

    >>> rows_of(np.array([5, -1, 4, 7]), [4, 5]).tolist()
    [1, -1, 0, -1]
    """
    row = {int(number): i for i, number in enumerate(numbers) if number >= 0}
    return np.asarray([row.get(int(number), -1) for number in wanted], dtype=np.int64)


def paired_layers(a: xr.Dataset, b: xr.Dataset, n_a: int, n_b: int) -> tuple[Ints, Ints, Ints]:
    """The layers of both, and the row of each in the first and in the second, -1 for none.

    n_a, n_b  blocks of the models; where they differ the last block stands beside the last, and
              layers have the numbers of the deeper model; the same layers keep their order
    """
    deep = max(n_a, n_b)
    first, second = (_numbered(data["layer"].values, deep - n) for data, n in ((a, n_a), (b, n_b)))
    layers = first if np.array_equal(first, second) else np.union1d(first, second)
    rows = [
        np.asarray([_row(own, layer) for layer in layers], dtype=np.int64)
        for own in (first, second)
    ]
    return layers, rows[0], rows[1]


def slot_coords(
    a: Trace, b: Trace, alignment: Alignment, axis: str, kept: NDArray[np.bool_]
) -> dict[str, tuple[str, NDArray[Any]]]:
    """Coordinates of an axis of slots: its numbers, and of both sides what stands there.

    axis_a, axis_b       positions, -1 for none
    input_a, input_b     labels;  input_text_a, input_text_b  texts;  "" where there is none
    produced_a, role_a   and _b, as of any row of tokens
    same                 whether both are the same token
    All but the first have the axis's name as prefix where it is not "position".
    """
    prefix = "" if axis == "position" else f"{axis}_"
    values: dict[str, NDArray[Any]] = {
        axis: np.flatnonzero(kept), f"{prefix}same": alignment.same[kept],
    }  # fmt: skip
    for side, trace, every in (("a", a, alignment.a), ("b", b, alignment.b)):
        at = every[kept].tolist()
        row = trace.tokens
        values |= {
            f"{axis}_{side}": np.asarray(at, dtype=np.int64),
            f"{prefix}input_{side}": _at(row.labels, at),
            f"{prefix}input_text_{side}": _at(row.texts, at),
            f"{prefix}produced_{side}": np.asarray([i >= row.n_prompt for i in at], dtype=bool),
            f"{prefix}role_{side}": _at(row.roles, at),
        }
    return {name: (axis, value) for name, value in values.items()}


def _at(words: Sequence[str], at: Sequence[int]) -> NDArray[Any]:
    """Those at some positions; "" where there is none, as before the first and after the last."""
    return strings(words[i] if 0 <= i < len(words) else "" for i in at)


def _numbered(layers: NDArray[Any], shift: int) -> Ints:
    """Layers in the deeper model's numbers; "in" stays."""
    return np.where(layers == INPUT_LAYER, INPUT_LAYER, layers + shift).astype(np.int64)


def _row(layers: Ints, layer: int) -> int:
    found = np.flatnonzero(layers == layer)
    return int(found[0]) if found.size else -1
