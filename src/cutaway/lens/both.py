"""Two answers of one lens as one dataset: first, second and difference along `run`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER
from ..core.room import check_room
from ..trace.source import Ints
from ..trace.trace import Trace
from .align import Alignment
from .compare_touched import touched
from .dataset import strings

__all__ = ["DIFFERENCE", "both", "both_touched", "paired_layers", "rows_of", "slot_coords"]

#: The name of the third run: the second minus the first.
DIFFERENCE = "difference"
_NONE = "–"

#: For each axis the rows of the first and of the second answer, -1 for none.
Places = Mapping[str, tuple[Ints, Ints]]


def both(a: xr.Dataset, b: xr.Dataset, places: Places) -> dict[str, xr.Variable]:
    """Every variable of both over (run, ...): first, second, second minus first.

    places   of the axes whose entries are paired; other axes are the same in both
    returns  numbers as floats, NaN where a side is undefined; token ids -1 and texts "–" at the
             difference, for tokens have none
    """
    shared = [name for name in a.data_vars if name in b.data_vars]
    check_room(
        "both answers and their difference", sum(_bytes(a[n], b[n], places) for n in shared),
        "choose less of both: fewer layers, a shorter text",
    )  # fmt: skip
    return {str(name): _stacked(a[name], b[name], places) for name in shared}


def both_touched(a: xr.Dataset, b: xr.Dataset, places: Places) -> dict[str, xr.Variable]:
    """The same of arrays whose squares, their last two axes, are computed when they are touched."""
    return {
        str(name): touched(array, b[name], tuple(
            tuple(places[str(axis)][side] for axis in array.dims[-2:]) for side in (0, 1)
        ))
        for name, array in a.data_vars.items()
    }  # fmt: skip


def rows_of(wanted: Ints, numbers: Sequence[int]) -> Ints:
    """The row in which each number stands; -1 for one that is not there, as -1 itself is not."""
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


def _bytes(a: xr.DataArray, b: xr.DataArray, places: Places) -> int:
    """What two answers take with the three that are made of them, and one that is moved."""
    slots = {axis: len(rows[0]) for axis, rows in places.items()}
    each = a.dtype.itemsize * math.prod(slots.get(str(axis), n) for axis, n in a.sizes.items())
    moved = any(
        not _is_whole(rows[side], array.sizes[axis])
        for side, array in enumerate((a, b))
        for axis, rows in places.items()
        if axis in array.dims
    )
    return a.nbytes + b.nbytes + (5 if moved else 3) * each


def _stacked(a: xr.DataArray, b: xr.DataArray, places: Places) -> xr.Variable:
    """(run, ...) of one variable: one side is moved into its slots at a time."""
    name = str(a.name)
    first = _placed(a, {axis: rows[0] for axis, rows in places.items()}, name)
    whole = np.empty((3, *first.shape), dtype=first.dtype)
    whole[0] = first
    del first
    whole[1] = _placed(b, {axis: rows[1] for axis, rows in places.items()}, name)
    if whole.dtype == object:
        whole[2] = _NONE
    elif _is_id(name):
        whole[2] = -1
    else:
        np.subtract(whole[1], whole[0], out=whole[2])
    return xr.Variable(("run", *a.dims), whole, dict(a.attrs))


def _placed(array: xr.DataArray, rows: Mapping[str, Ints], name: str) -> NDArray[Any]:
    """The values at the rows asked for, undefined where there is none."""
    values = array.values
    if values.dtype.kind in "iub" and not _is_id(name):
        values = values.astype(np.float64)
        values = np.where(values == 0, np.nan, values) if name.endswith("rank") else values
    for axis, wanted in rows.items():
        if axis not in array.dims or _is_whole(wanted, array.sizes[axis]):
            continue
        place = array.dims.index(axis)
        missing = np.expand_dims(wanted < 0, [i for i in range(values.ndim) if i != place])
        taken = np.take(values, np.maximum(wanted, 0), axis=place)
        values = np.where(missing, _undefined(values, name), taken)
    return values


def _is_whole(wanted: Ints, size: int) -> bool:
    """Whether every entry of an axis stands where it stood."""
    return np.array_equal(wanted, np.arange(size))


def _undefined(values: NDArray[Any], name: str) -> Any:
    if values.dtype == object:
        return _NONE
    return -1 if _is_id(name) else values.dtype.type(np.nan)


def _is_id(name: str) -> bool:
    return name.endswith("token_id")
