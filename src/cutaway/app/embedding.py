"""The verb that turns texts into vectors: embeddings of texts, or of a whole vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.axes import INPUT, INPUT_LAYER, as_list, read_layer
from ..core.choices import read_choice, read_flag
from ..core.errors import InvalidError
from ..core.vectors import unit
from .embeddings import Embeddings

if TYPE_CHECKING:
    from ..model.lm import LM
    from ..trace.source import Floats

__all__ = ["embed"]


def embed(
    lm: LM,
    texts: str | Sequence[str] | None = None,
    *,
    pooling: str | None = None,
    layer: int | str | None = None,
    normalise: bool | None = None,
) -> Embeddings:
    """A vector for each text, or for each token of the vocabulary: what is alike, what is nearest.

    >>> import cutaway as ct
    >>> found = ct.embed(ct.load(), ["a cat", "a dog", "the stock market"])  # doctest: +SKIP
    >>> found.data["embedding"].shape  # doctest: +SKIP
    (3, 576)
    >>> ct.embed(ct.load()).nearest(" Paris", k=2).data["text"].values  # doctest: +SKIP
    array(['Paris', ' London'], dtype=object)

    lm         from load or wrap, with or without a language head
    texts      one or more, each read by itself; None: every entry of the vocabulary, the row that
               the token embedding has for it (what enters the model, before positions)
    pooling    "mean" over the tokens, "cls" the first, "last", or "max"; None: as the model's own
               files say, else the mean
    layer      the state after a block, or "in"; None: what the model's body gives
    normalise  whether each vector has length 1; None: as the model's own files say, else not; the
               vocabulary's are as they are

    Its data hold embedding (run, channel); run is the text, beside it token_id for tokens. Texts
    are not padded. Source: Reimers and Gurevych 2019, Sentence-BERT, arXiv 1908.10084. Raises
    InvalidError for a text that can't be read, and for pooling or layer without texts;
    UnknownError for a pooling that is not there.
    """
    if texts is None:
        flag = normalise is not None and read_flag("normalise", normalise)
        return _of_vocabulary(lm, pooling, layer, flag)
    given: list[Any] = as_list(texts)
    if not given or not all(isinstance(text, str) for text in given):
        raise InvalidError("texts", texts, allowed="one or more texts")
    from ..model.embed import POOLINGS

    if pooling is None or normalise is None:
        own = lm.pooling_config()
        pooling = own.pooling if pooling is None else pooling
        normalise = own.normalise if normalise is None else normalise
    if layer is not None:
        at = read_layer(layer, lm.card.n_layers)
        layer = INPUT if at == INPUT_LAYER else at
    flag = read_flag("normalise", normalise)
    return _of_texts(lm, given, read_choice("pooling", pooling, POOLINGS), layer, flag)


def _of_texts(
    lm: LM, texts: list[str], pooling: str, layer: int | str | None, normalise: bool
) -> Embeddings:
    from ..lens.embed import embeddings

    def read(some: Sequence[str]) -> Floats:
        return _sized(lm.embed(some, pooling=pooling, layer=layer), normalise)

    words = f"{pooling} over the tokens of {_states(layer)}{_length(normalise)}"
    options = {"pooling": pooling, "layer": layer, "normalise": normalise, "words": words}
    return Embeddings(embeddings(read(texts), texts, lm.card, options), read)


def _of_vocabulary(
    lm: LM, pooling: str | None, layer: int | str | None, normalise: bool
) -> Embeddings:
    from ..lens.embed import embeddings

    for name, value in (("pooling", pooling), ("layer", layer)):
        if value is not None:
            raise InvalidError(
                name, value, allowed="with texts; the rows of the vocabulary have none",
                fix="ct.embed(lm, texts, ...)",
            )  # fmt: skip
    ids, rows = lm.token_embeddings()
    vectors, place = _sized(rows, normalise), {token_id: n for n, token_id in enumerate(ids)}

    def read(some: Sequence[str]) -> Floats:
        found: Floats = vectors[[place[lm.token_id(text)] for text in some]]
        return found

    options: dict[str, Any] = {"normalise": normalise}
    options["words"] = "rows of the token embedding" + _length(normalise)
    texts = [piece.text or piece.label for piece in lm.pieces(ids)]
    return Embeddings(embeddings(vectors, texts, lm.card, options, ids), read)


def _sized(vectors: Floats, normalise: bool) -> Floats:
    return unit(vectors).astype(np.float32) if normalise else vectors


def _length(normalise: bool) -> str:
    return ", length 1" if normalise else ""


def _states(layer: int | str | None) -> str:
    if layer is None:
        return "the model's last states"
    return "the state before block 0" if layer == "in" else f"the state after block {layer}"
