"""Two answers of one lens as one: the first, the second and their difference along `run`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.room import check_room
from ..trace.source import Ints
from .lazy_difference import Takes, lazy_difference

__all__ = ["DIFFERENCE", "lazy_with_difference", "with_difference"]

#: The name of the third run: the second minus the first.
DIFFERENCE = "difference"
_NONE = "–"

#: For each axis the rows of the first and of the second answer, -1 for none.
Places = Mapping[str, tuple[Ints, Ints]]


def with_difference(a: xr.Dataset, b: xr.Dataset, places: Places) -> dict[str, xr.Variable]:
    """Every variable of both over (run, ...): first, second, second minus first.

    places   of the axes whose entries are paired; other axes are the same in both
    returns  numbers as floats, NaN where a side is undefined; token ids -1 and texts "–" at the
             difference, for tokens have none
    raises   MissingError where there is no room for them
    """
    shared = [name for name in a.data_vars if name in b.data_vars]
    check_room(
        "both answers and their difference", sum(_bytes(a[n], b[n], places) for n in shared),
        "choose less of both: fewer layers, a shorter text",
    )  # fmt: skip
    return {str(name): _stacked(a[name], b[name], places) for name in shared}


def lazy_with_difference(
    a: xr.Dataset, b: xr.Dataset, places: Places, takes: Takes
) -> dict[str, xr.Variable]:
    """The same of arrays whose squares, their last two axes, are computed when they are touched."""
    return {
        str(name): lazy_difference(array, b[name], tuple(
            tuple(places[str(axis)][side] for axis in array.dims[-2:]) for side in (0, 1)
        ), takes)
        for name, array in a.data_vars.items()
    }  # fmt: skip


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
