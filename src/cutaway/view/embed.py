"""Which texts are alike: the cosine of every two of them, as a grid."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..core.numbers import quantity
from ..core.tokens import display_text
from .header import Runs, attribute, header
from .spec import Spec

__all__ = ["MOST", "embed_spec"]

#: The most texts of a picture.
MOST = 400
_LONGEST = 80


def embed_spec(dataset: xr.Dataset) -> Spec:
    """A row and a column for each text, in the order given; the first 400 of them.

    dataset  of embed: embedding (run, channel)

    The header adds: texts, pooling, least (the smallest cosine shown). Arrays: similarity (n, n).
    """
    shown = dataset.isel(run=slice(MOST))
    rows = shown["embedding"].values.astype(np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    cosine = (unit @ unit.T).astype(np.float32)
    texts = [_short(str(text)) for text in shown["run"].values]
    asked = attribute(dataset, "options")
    common = header(
        dataset,
        heading="Which texts are alike",
        about=f"The cosine of every two texts' vectors ({asked['words']}): 1 where they point the "
        "same way.",
        sentence=_sentence(cosine, texts),
    )
    if dataset.sizes["run"] > MOST:
        common["notes"] = [
            *common["notes"], f"shown are the first {MOST} of {dataset.sizes['run']:,} texts"
        ]  # fmt: skip
    own = {"texts": texts, "least": float(cosine.min())}
    return Spec("embed", common | own, {"similarity": cosine})


def _short(text: str) -> str:
    shown = " ".join(display_text(word) for word in text.split()) or "∅"
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


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
