"""The squares of two traces and their difference, computed when they are indexed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from ..core.room import check_room
from ..trace.source import Floats, Ints

__all__ = ["Takes", "lazy_difference"]

#: How many blocks, how many heads of each -> bytes that the weights of either trace take with their
#: making, and what is kept of both traces.
Takes = Callable[[int, int], int]
#: Of each trace, for query and for key, the row that stands in each slot.
Rows = Sequence[Sequence[Ints]]
#: The number on the axis `run` of what is not a trace's own.
_DIFFERENCE = 2


def lazy_difference(a: xr.DataArray, b: xr.DataArray, rows: Rows, takes: Takes) -> xr.Variable:
    """(run, ..., query, key) of two arrays that are computed when they are touched.

    rows   -1 where a side has no token
    takes  what is checked before they are computed

    One head of one run asks for one head of one trace, one head of the difference for one of both.
    """
    lazy = indexing.LazilyIndexedArray(_Both((a, b), rows, takes))
    return xr.Variable(("run", *a.dims), lazy, dict(a.attrs))


class _Both(BackendArray):
    """The weights of both and their difference, asked of the two traces where they are indexed."""

    def __init__(self, sides: tuple[xr.DataArray, xr.DataArray], rows: Rows, takes: Takes) -> None:
        self.sides, self.rows, self.takes = sides, rows, takes
        self.shape = (3, *sides[0].shape[:-2], *(len(slots) for slots in rows[0]))
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Floats:
        """Outer indexing: an integer drops its axis, a slice or an array keeps it."""
        chosen = [
            np.atleast_1d(np.arange(size)[part])
            for size, part in zip(self.shape, key, strict=True)
        ]  # fmt: skip
        shape = tuple(len(some) for some in chosen)
        self._check_room(shape)
        whole = np.empty(shape, dtype=np.float32)
        rows = {int(run): whole[row] for row, run in enumerate(chosen[0])}
        for side in (0, 1):
            if side in rows or _DIFFERENCE in rows:
                into = rows.setdefault(side, np.empty(shape[1:], dtype=np.float32))
                self._fill(into, side, chosen[1:-2], chosen[-2:])
        if _DIFFERENCE in rows:
            np.subtract(rows[1], rows[0], out=rows[_DIFFERENCE])
        if len(set(chosen[0].tolist())) < shape[0]:  # a run that is asked for twice
            whole = np.stack([rows[int(run)] for run in chosen[0]])
        for axis in reversed(range(len(key))):
            if isinstance(key[axis], (int, np.integer)):
                whole = whole.squeeze(axis)
        return whole

    def _check_room(self, shape: tuple[int, ...]) -> None:
        """Of what is asked for, and of one trace's weights, which are computed for it."""
        n_layers, n_heads = shape[1:3]
        runs = shape[0] + 2 * (shape[0] == 1)  # a difference alone needs both beside it
        check_room(
            f"the weights of {n_layers * n_heads:,} heads of two traces",
            4 * runs * math.prod(shape[1:]) + self.takes(n_layers, n_heads),
            "take them layer by layer: data.weight.sel(layer=[0])",
        )

    def _fill(
        self, into: Floats, side: int, lead: list[NDArray[Any]], slots: list[NDArray[Any]]
    ) -> None:
        """The weights of one trace on the slots asked for, (..., query, key)."""
        array = self.sides[side]
        part = array.isel({str(axis): at for axis, at in zip(array.dims, lead, strict=False)})
        values = part.values
        q, k = (rows[asked] for rows, asked in zip(self.rows[side], slots, strict=True))
        places = np.ix_(np.maximum(q, 0), np.maximum(k, 0))
        for head in np.ndindex(values.shape[:-2]):  # one at a time: each is copied
            into[head] = values[head][places]
        into[..., q < 0, :] = np.nan
        into[..., k < 0] = np.nan
