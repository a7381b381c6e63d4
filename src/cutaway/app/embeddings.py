"""Vectors of texts in the user's hands: what is alike, nearest, and where it lies on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.axes import as_list, read_whole
from ..core.choices import read_flag
from ..core.errors import InvalidError
from ..core.vectors import nearest as nearest_rows
from .search_index import MOST_EXACT, SearchIndex
from .view import View

if TYPE_CHECKING:
    import xarray as xr

    from ..trace.source import Floats

__all__ = ["Embeddings"]

_VECTOR = "a vector"


class Embeddings(View):
    """Vectors of texts or tokens: `.similarity`, `.nearest`, `.analogy`, `.project`.

    >>> found.similarity().sel(run="a cat", other="a dog").item()  # doctest: +SKIP
    0.66

    read  the vectors (n, channel) of other texts, made in the same way
    """

    def __init__(self, data: xr.Dataset, read: Callable[[Sequence[str]], Floats]) -> None:
        super().__init__(data)
        self._read = read

    def similarity(self) -> xr.DataArray:
        """(run, other) the cosine of every two texts' vectors.

        >>> found.similarity().values.diagonal()  # doctest: +SKIP
        array([1., 1., 1.], dtype=float32)

        Raises InvalidError for more than 20,000 texts.
        """
        from ..lens.embed import similarity

        return similarity(self.data)

    def nearest(self, text: str | Floats, k: int = 5, *, exact: bool | None = None) -> View:
        """The k nearest to another text or to a vector, by the cosine: similarity, text (k).

        >>> found.nearest("a kitten", k=2).data["similarity"].values  # doctest: +SKIP
        array([0.788, 0.498], dtype=float32)

        text   a text; of a vocabulary a text that is one token, and it is left out of the answer;
               or a vector with as many entries as `embedding` has channels, such as a state
        exact  whether every vector is looked at; None: up to 100,000. Else an index is searched
               (pip install 'cutaway[search]'), and the view says how many it finds on average

        Beside the vectors an exact search holds 64 MB. Of tokens it has token_id (k) too. Raises
        InvalidError for a vector of another length, MissingError where the index is not installed.
        """
        words = text if isinstance(text, str) else _VECTOR
        left_out = [text] if isinstance(text, str) and self._is_vocabulary else []
        return self._near(self._vector(text), {"query": words}, left_out, k, exact)

    def analogy(self, a: str, b: str, c: str, k: int = 5, *, exact: bool | None = None) -> View:
        """What is to c as a is to b, a - b + c: the k nearest to that sum; a, b and c left out.

        >>> words.analogy(" Paris", " France", " Italy", k=1).data["text"].item()  # doctest: +SKIP
        ' Rome'

        Each of the three has length 1 before they are added. k and exact as in `nearest`. Source:
        Mikolov et al. 2013, https://aclanthology.org/N13-1090.
        """
        from ..lens.embed import combined

        first, second, third = self._read([a, b, c])
        made = {"query": [a, b, c]}
        return self._near(combined([first, third], [second]), made, [a, b, c], k, exact)

    def project(
        self,
        start: str | Iterable[str] | Floats,
        end: str | Iterable[str] | Floats,
        texts: Sequence[str] | None = None,
    ) -> View:
        """Where texts lie on the way from one text, 0, to another, 1: projection (run).

        >>> jobs.project("he", "she").data["projection"].sel(run="a nurse").item()  # doctest: +SKIP
        0.63

        start, end  a text, a vector, or several texts, whose mean is taken: one pair of words is
                    one pair's accident, several are less so
        texts       those that are placed; None: all

        Source: Bolukbasi et al. 2016, arXiv 1607.06520 (a bias as a direction).
        """
        from ..lens.embed import projected

        data = self.data if texts is None else self._others(texts)
        line = self._vector(start), self._vector(end)
        return View(projected(data, *line, {"ends": [_named(start), _named(end)]}))

    def _near(
        self, vector: Floats, made: dict[str, Any], left_out: list[str], k: int, exact: bool | None
    ) -> View:
        from ..lens.embed import neighbours

        k = read_whole("k", k, 1)
        rows, gone = self.data["embedding"].values, self._places(left_out)
        looked_at_all = len(rows) <= MOST_EXACT if exact is None else read_flag("exact", exact)
        options: dict[str, Any] = {**made, "k": k, "of": len(rows), "exact": looked_at_all}
        if looked_at_all:
            every, close = nearest_rows(rows, vector[None], k + len(gone))
            places, close = every[0], close[0]
        else:
            places, close = self._index.find(vector, k + len(gone))
            options |= {"index": self._index.words, "recall": self._index.recall(k)}
        kept = ~np.isin(places, gone)
        if gone:
            options["left_out"] = left_out
        return View(neighbours(self.data, (places[kept][:k], close[kept][:k]), options))

    @property
    def _is_vocabulary(self) -> bool:
        return "token_id" in self.data.coords

    @cached_property
    def _index(self) -> SearchIndex:
        return SearchIndex(self.data["embedding"].values)

    def _places(self, texts: list[str]) -> list[int]:
        """The rows of texts that are among these."""
        found: list[int] = np.flatnonzero(np.isin(self.data["run"].values, texts)).tolist()
        return found

    def _others(self, texts: Sequence[str]) -> xr.Dataset:
        import xarray as xr

        given: list[Any] = as_list(texts)
        if not given or not all(isinstance(text, str) for text in given):
            raise InvalidError("texts", texts, allowed="one or more texts")
        vectors = ("run", "channel"), self._read(given)
        coords: dict[str, Any] = {"run": np.array(given, dtype=object)}
        if self._is_vocabulary:
            ids = self.data["token_id"].values
            coords["token_id"] = "run", [ids[self._places([text])[0]] for text in given]
        return xr.Dataset({"embedding": vectors}, coords=coords, attrs=self.data.attrs)

    def _vector(self, given: str | Iterable[str] | Floats) -> Floats:
        listed: list[Any] = as_list(given)
        if listed and all(isinstance(one, str) for one in listed):
            vectors = np.asarray(self._read([str(one) for one in listed]), dtype=np.float64)
            mean: Floats = vectors.mean(axis=0)
            return mean
        channels = self.data.sizes["channel"]
        try:
            row = np.asarray(listed, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise InvalidError(
                "text or vector", given, allowed=f"a text, or {channels} finite numbers"
            ) from None
        if row.shape != (channels,) or not np.isfinite(row).all():
            raise InvalidError("vector", row.shape, allowed=f"{channels} finite numbers")
        return row


def _named(given: str | Iterable[str] | Floats) -> list[str]:
    """What stands at an end of the line."""
    listed = [given] if isinstance(given, str) else list(given)
    return [str(one) for one in listed] if isinstance(listed[0], str) else [_VECTOR]
