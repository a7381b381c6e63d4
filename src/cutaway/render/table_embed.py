"""The likeness of texts as a table of strings."""

from __future__ import annotations

from ..core.numbers import quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["embed_table"]

#: Texts above which each row names its nearest only.
_SQUARE = 12
_NEAREST = 3


def embed_table(spec: Spec) -> Table:
    """Of few texts every cosine, a row and a column each; of many the three nearest of each."""
    texts, cosine = spec.header["texts"], spec.arrays["similarity"]
    if len(texts) <= _SQUARE:
        return Table(
            caption="Cosine of every two texts",
            columns=("", "text", *(str(n) for n in range(len(texts)))),
            rows=tuple(
                (str(n), text, *(quantity(value) for value in cosine[n].tolist()))
                for n, text in enumerate(texts)
            ),
        )
    rows = []
    for n, text in enumerate(texts):
        near = [i for i in (-cosine[n]).argsort(kind="stable").tolist() if i != n][:_NEAREST]
        rows.append((str(n), text, *(f"{texts[i]} ({quantity(cosine[n, i])})" for i in near)))
    columns = ("", "text", *(f"nearest {n + 1}" for n in range(_NEAREST)))
    return Table(caption="The texts nearest to each", columns=columns, rows=tuple(rows))
