"""Arrays whose squares are computed when they are indexed: one head asks for one head."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from ..core.room import check_room
from ..trace.source import Floats, Ints

__all__ = ["lazily"]

#: The rows asked for along each outer axis -> (rows of each, T, T) float32.
Compute = Callable[..., Floats]


def lazily(
    shape: tuple[int, ...], compute: Compute, takes: Callable[..., int]
) -> indexing.LazilyIndexedArray:
    """(..., T, T) float32 of which `compute` answers the squares that are indexed.

    shape    of the whole: the axes before the last two are the outer ones
    compute  called with the rows asked for, an array of numbers for each outer axis
    takes    how many rows of each outer axis -> bytes that these take, with their making
    """
    return indexing.LazilyIndexedArray(_Squares(shape, compute, takes))


class _Squares(BackendArray):
    def __init__(self, shape: tuple[int, ...], compute: Compute, takes: Callable[..., int]) -> None:
        self.shape, self.compute, self.takes = shape, compute, takes
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Floats:
        """Outer indexing: an integer drops its axis, a slice or an array keeps it."""
        outer = len(self.shape) - 2
        rows: list[Ints] = [
            np.atleast_1d(np.arange(size)[part])
            for size, part in zip(self.shape[:outer], key[:outer], strict=True)
        ]
        squares = math.prod(len(row) for row in rows)
        check_room(
            f"the weights of {squares:,} heads and their making",
            self.takes(*map(len, rows)),
            "take them layer by layer: data.weight.sel(layer=[0])",
        )  # fmt: skip
        whole = self.compute(*rows)[(..., key[-2], slice(None))]
        whole = whole[..., key[-1]]
        for axis in reversed(range(outer)):
            if isinstance(key[axis], (int, np.integer)):
                whole = whole.squeeze(axis)
        return whole
