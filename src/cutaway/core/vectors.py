"""Directions of vectors: length 1, cosines, and the nearest of many."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cosines", "nearest", "unit"]

#: Numbers that are held at once in double precision: 64 MB.
_BLOCK = 8_000_000


def unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """(n, d) rows of length 1, in float64; a row of zeros stays one.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    rows = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    found: NDArray[np.float64] = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return found


def cosines(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """(n, m) the cosine of every row of a with every row of b, -1 to 1; 0 with a row of zeros.

    >>> cosines(np.array([[2.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 3.0]]))
    array([[1., 0.]])

    Rows of a are taken in blocks: beside the answer 64 MB and the rows of b are held.
    """
    others = unit(b).T
    found = np.empty((len(a), len(b)))
    for low, high in _blocks(len(a), max(len(b), a.shape[1])):
        found[low:high] = unit(a[low:high]) @ others
    return found


def nearest(
    vectors: NDArray[Any], queries: NDArray[Any], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k rows that have the largest cosine with each query: places (q, k), cosines (q, k).

    Best first, of equals the first row first. Every row is looked at: the answer is exact.
    """
    k = min(k, len(vectors))
    places = np.empty((len(queries), k), dtype=np.int64)
    close = np.empty((len(queries), k))
    for low, high in _blocks(len(queries), len(vectors)):
        for query, values in enumerate(cosines(vectors, queries[low:high]).T, low):
            places[query] = _best(values, k)
            close[query] = values[places[query]]
    return places, close


def _best(values: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """The places of the k largest: those above the k-th, and of those equal to it the first."""
    least = np.partition(values, len(values) - k)[len(values) - k] if k else np.inf
    taken = np.flatnonzero(values >= least)
    return taken[np.argsort(-values[taken], kind="stable")][:k]


def _blocks(rows: int, width: int) -> list[tuple[int, int]]:
    size = max(1, _BLOCK // max(width, 1))
    return [(low, min(low + size, rows)) for low in range(0, rows, size)]
