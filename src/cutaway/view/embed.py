"""Which texts are alike: the cosine of every two of them, as a grid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import xarray as xr

from ..core.numbers import quantity
from ..core.vectors import cosines
from .header import Runs, attribute, header
from .shown_texts import shown_texts
from .spec import Spec

__all__ = ["MOST", "embed_spec"]

#: The most texts of a picture, and the most tokens: those are the same from page to page.
MOST, _MOST_TOKENS = 400, 100
#: Letters of a token that is called a word.
_WORD = 3


def embed_spec(dataset: xr.Dataset) -> Spec:
    """A row and a column for each text, in the order given; the first 400 of them.

    dataset  of embed: embedding (run, channel); of a vocabulary (token_id along run) the first 100
             tokens that are words of three letters or more

    The header adds: texts, pooling, least (the smallest cosine shown). Arrays: similarity (n, n).
    """
    shown, note = _shown(dataset)
    vectors, texts = shown["embedding"].values, shown_texts(shown)
    cosine = cosines(vectors, vectors).astype(np.float32)
    asked = attribute(dataset, "options")
    kind = "tokens" if "token_id" in dataset.coords else "texts"
    common = header(
        dataset,
        heading=f"Which {kind} are alike",
        about=f"The cosine of every two {kind}' vectors ({asked['words']}): 1 where they point the "
        "same way.",
        sentence=_sentence(cosine, texts),
    )
    common["notes"] = [*common["notes"], *note]
    own = {"texts": texts, "least": float(cosine.min())}
    return Spec("embed", common | own, {"similarity": cosine})


def _shown(dataset: xr.Dataset) -> tuple[xr.Dataset, list[str]]:
    """Those of a picture, and the note that says which where it is not all."""
    n = dataset.sizes["run"]
    if "token_id" in dataset.coords:
        places = list(islice(_words([str(text) for text in dataset["run"].values]), _MOST_TOKENS))
        note = f"shown are the first {len(places)} of {n:,} tokens that are words of {_WORD} "
        return dataset.isel(run=places), [note + "letters or more"]
    if n <= MOST:
        return dataset, []
    return dataset.isel(run=slice(MOST)), [f"shown are the first {MOST} of {n:,} texts"]


def _words(tokens: list[str]) -> Iterator[int]:
    """The places of words: where the space before a word is part of its token, those with one."""
    space = " " if any(token[:1] == " " and token[1:].isalpha() for token in tokens) else ""
    for place, token in enumerate(tokens):
        word = token.removeprefix(space)
        if token.startswith(space) and len(word) >= _WORD and word.isalpha():
            yield place


def _sentence(cosine: np.ndarray, texts: list[str]) -> Runs:
    """The two that are most alike, and the two that are least."""
    if len(texts) < 2:
        return [["", "One text has nothing to be compared with."]]
    rows, cols = np.triu_indices(len(texts), 1)
    values = cosine[rows, cols]
    best, worst = int(values.argmax()), int(values.argmin())
    runs = [["", "Most alike are "], *_pair(texts, rows[best], cols[best])]
    runs += [["", " ("], ["b", quantity(float(values[best]))], ["", ")"]]
    if best != worst:
        runs += [["", ", least "], *_pair(texts, rows[worst], cols[worst])]
        runs += [["", " ("], ["b", quantity(float(values[worst]))], ["", ")"]]
    return [*runs, ["", "."]]


def _pair(texts: list[str], a: int, b: int) -> Runs:
    return [["in", texts[a]], ["", " and "], ["in", texts[b]]]
