"""The verb that turns texts into vectors, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import InvalidError
from .view import View

if TYPE_CHECKING:
    import xarray as xr

    from ..model.lm import LM
    from ..trace.source import Floats

__all__ = ["Embeddings", "embed"]


def embed(
    lm: LM,
    texts: str | Sequence[str],
    *,
    pooling: str | None = None,
    layer: int | str | None = None,
    normalise: bool | None = None,
) -> Embeddings:
    """A vector for each text: which are alike, which is nearest to a question.

    >>> import cutaway as ct
    >>> found = ct.embed(ct.load(), ["a cat", "a dog", "the stock market"])  # doctest: +SKIP
    >>> found.nearest("a kitten", k=1)["text"].values  # doctest: +SKIP
    array(['a cat'], dtype=object)

    lm         from load or wrap, with or without a language head
    texts      one or more, each read by itself
    pooling    "mean" over the tokens, "cls" the first, "last", or "max"; None: as the model's own
               files say, else the mean
    layer      the state after a block, or "in"; None: what the model's body gives
    normalise  whether each vector has length 1; None: as the model's own files say, else not

    Its data hold embedding (run, channel); run is the text. Texts are not padded. Source: Reimers
    and Gurevych 2019, Sentence-BERT, arXiv 1908.10084. Raises InvalidError for a text that can't
    be read, UnknownError for a pooling that is not there.
    """
    given = [texts] if isinstance(texts, str) else list(texts)
    if not given or not all(isinstance(text, str) for text in given):
        raise InvalidError("texts", texts, allowed="one or more texts")
    if pooling is None or normalise is None:
        recipe = lm.recipe()
        pooling = recipe.pooling if pooling is None else pooling
        normalise = recipe.normalise if normalise is None else normalise
    return Embeddings(lm, given, {"pooling": pooling, "layer": layer, "normalise": normalise})


class Embeddings(View):
    """Vectors of texts: `.similarity()`, `.nearest(text)`, `.project(start, end)`.

    >>> found.similarity().sel(run="a cat", other="a dog").item()  # doctest: +SKIP
    0.66
    """

    def __init__(self, lm: LM, texts: Sequence[str], asked: dict[str, Any]) -> None:
        from ..lens.embed import embeddings

        self._lm, self._asked = lm, asked
        words = f"{asked['pooling']} over the tokens of {_states(asked['layer'])}"
        options = {**asked, "words": words + (", length 1" if asked["normalise"] else "")}
        super().__init__(embeddings(self._vectors(texts), texts, lm.card, options))

    def similarity(self) -> xr.DataArray:
        """(run, other) the cosine of every two texts' vectors.

        >>> found.similarity().values.diagonal()  # doctest: +SKIP
        array([1., 1., 1.], dtype=float32)
        """
        from ..lens.embed import similarity

        return similarity(self.data)

    def nearest(self, text: str | Floats, k: int = 5) -> xr.Dataset:
        """The k texts nearest to another text or to a vector: similarity, text (k); exact.

        >>> found.nearest("a kitten", k=2)["similarity"].values  # doctest: +SKIP
        array([0.788, 0.498], dtype=float32)

        A vector has as many entries as `.data["embedding"]` has channels: a sum and difference of
        some of its rows makes an analogy. Raises InvalidError for another length.
        """
        from ..lens.embed import nearest

        return nearest(self.data, self._vector(text), k)

    def project(self, start: str | Floats, end: str | Floats) -> xr.DataArray:
        """(run) where each text lies on the way from one text, 0, to another, 1.

        >>> jobs.project("he", "she").sel(run="a nurse").item()  # doctest: +SKIP
        0.63

        Source: Bolukbasi et al. 2016, arXiv 1607.06520 (a bias as a direction).
        """
        from ..lens.embed import projected

        return projected(self.data, self._vector(start), self._vector(end))

    def _vectors(self, texts: Sequence[str]) -> Floats:
        asked = self._asked
        found = self._lm.embed(texts, pooling=asked["pooling"], layer=asked["layer"])
        if asked["normalise"]:
            length = np.linalg.norm(found, axis=1, keepdims=True)
            found = np.divide(found, length, out=np.zeros_like(found), where=length > 0)
        return found

    def _vector(self, given: str | Floats) -> Floats:
        if isinstance(given, str):
            vector: Floats = self._vectors([given])[0]
            return vector
        row = np.asarray(given, dtype=np.float32)
        if row.shape != (self.data.sizes["channel"],) or not np.isfinite(row).all():
            raise InvalidError(
                "vector", row.shape, allowed=f"{self.data.sizes['channel']} finite numbers"
            )
        return row


def _states(layer: int | str | None) -> str:
    if layer is None:
        return "the model's last states"
    return "the state before block 0" if layer == "in" else f"the state after block {layer}"
