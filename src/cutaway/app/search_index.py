"""Nearest neighbours of very many vectors: an index that is not exact, and says how good it is."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import MissingError
from ..core.progress import working
from ..core.vectors import nearest, unit

__all__ = ["MOST_EXACT", "SearchIndex"]

#: The most vectors that are compared one by one where nothing else is said.
MOST_EXACT = 100_000
#: Of the vectors themselves, drawn to measure how many neighbours are found.
_DRAWN = 100
#: Where the search stops looking into more cells.
_GOOD = 0.95
#: Vectors that k-means learns each cell from, and how many rows are handed over at once.
_PER_CELL, _ROWS = 40, 50_000


class SearchIndex:
    """Vectors sorted into cells by k-means; a query looks into the nearest cells only.

    vectors  (n, d); the index holds them once more, with length 1

    As many cells are looked into as it takes to find 95 % of the ten nearest of 100 vectors drawn
    from the same. Source: Douze et al. 2024, The Faiss library, arXiv 2401.08281. Raises
    MissingError without faiss.
    """

    def __init__(self, vectors: NDArray[Any]) -> None:
        if find_spec("faiss") is None:
            raise MissingError(
                "faiss", because=f"it searches more than {MOST_EXACT:,} texts",
                fix="pip install 'cutaway[search]', or look at every one: exact=True",
            )  # fmt: skip
        import faiss

        n, d = vectors.shape
        cells = max(1, min(4 * int(np.sqrt(n)), n // _PER_CELL))
        self.vectors = vectors
        with working("indexing"):
            self._index: Any = faiss.IndexIVFFlat(
                faiss.IndexFlatIP(d), d, cells, faiss.METRIC_INNER_PRODUCT
            )
            self._index.cp.seed = 0
            drawn = np.random.default_rng(0).permutation(n)[: cells * _PER_CELL]
            self._index.train(unit(vectors[np.sort(drawn)]).astype(np.float32))
            for low in range(0, n, _ROWS):
                self._index.add(unit(vectors[low : low + _ROWS]).astype(np.float32))
            self._open_cells(cells)
        self.recall = cache(self._recall)

    def find(self, query: NDArray[Any], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Places (k) of the nearest that were found, and their cosines (k), best first."""
        places = self._search(query[None], k)[0]
        places = places[places >= 0]  # -1 where the cells hold fewer
        order, close = nearest(self.vectors[places], query[None], k)
        return places[order[0]], close[0]

    @property
    def words(self) -> str:
        """How it searches, in words."""
        return f"{self._index.nprobe:,} of {self._index.nlist:,} cells of faiss's IVF index"

    def _recall(self, k: int) -> float:
        """The share of the k nearest of 100 drawn vectors, themselves among them, it finds."""
        drawn = np.random.default_rng(1).permutation(len(self.vectors))[:_DRAWN]
        queries = self.vectors[np.sort(drawn)]
        _, exact = nearest(self.vectors, queries, k)
        shares = []
        for query, close in zip(queries, exact, strict=True):
            _, found = self.find(query, k)  # of equals any is right: their cosines are compared
            shares.append(np.mean(found >= close[-1] - 1e-9) * len(found) / len(close))
        return float(np.mean(shares))

    def _open_cells(self, cells: int) -> None:
        opened = max(1, cells // 64)
        while True:
            self._index.nprobe = min(opened, cells)
            if opened >= cells or self._recall(10) >= _GOOD:
                return
            opened *= 2

    def _search(self, queries: NDArray[Any], k: int) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._index.search(unit(queries).astype(np.float32), k)[1]
        return found
