"""A deletion curve in the terminal: a row of probabilities for every order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.text import Text

from ..core.numbers import percent, quantity
from ..view.spec import Spec

__all__ = ["deletion_text"]

#: Steps printed: the start, the first, and evenly on to the end.
_STEPS = 6
_WIDTH = 9


def deletion_text(spec: Spec, width: int | None) -> Iterator[Text]:  # noqa: ARG001 - always narrow
    """Probabilities after some tokens are gone, and the mean fall."""
    header = spec.header
    steps = np.unique(np.linspace(0, len(header["counts"]) - 1, _STEPS).round().astype(int))
    names = max(len(words) for words in header["run_words"])
    counts = [f"{header['counts'][k]} gone" for k in steps]
    yield _row("", [*counts, "mean fall"], names, "dim")
    for r, words in enumerate(header["run_words"]):
        numbers = [percent(float(spec.arrays["probability"][r, k])) for k in steps]
        yield _row(words, [*numbers, quantity(header["fall"][r])], names, "bold" if r == 0 else "")


def _row(head: str, cells: list[str], names: int, style: str) -> Text:
    return Text(head.ljust(names) + "".join(cell.rjust(_WIDTH + 1) for cell in cells), style=style)
