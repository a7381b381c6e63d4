"""The likeness of texts as a figure: a cell for every two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InvalidError
from ..core.numbers import quantity
from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .ramp import colours, ink

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["embed_figure"]

_MOST = 100
_LEFT, _CELL, _TIGHT = 3.0, 0.42, 0.14
#: Texts above which a cell has no room for its number.
_NUMBERED = 20
_LETTERS = 42


def embed_figure(spec: Spec) -> Figure:
    """Clay from 0 to 1, teal below 0. Raises InvalidError for more than 100 texts."""
    texts, cosine = spec.header["texts"], spec.arrays["similarity"]
    n = len(texts)
    if n > _MOST:
        raise InvalidError("number of texts", n, allowed=f"at most {_MOST} in a figure",
                           fix="save .html, or embed fewer")  # fmt: skip
    cell = _CELL if n <= _NUMBERED else _TIGHT
    drawn, axes = canvas(spec, _LEFT + n * cell, n * cell)
    share = np.abs(cosine).astype(np.float64).clip(0, 1)
    painted = np.where((cosine < 0)[..., None], colours("teal", share), colours("clay", share))
    axes.imshow(painted, extent=(_LEFT, _LEFT + n * cell, n * cell, 0), aspect="auto",
                interpolation="nearest")  # fmt: skip
    for row, text in enumerate(texts):
        y = (row + 0.5) * cell
        write(axes, _LEFT - 0.1, y, f"{short(text, _LETTERS)}  {row}", ha="right", color=DIM)
        if n <= _NUMBERED:
            for col in range(n):
                words = quantity(float(cosine[row, col]))
                colour = ink(painted[row, col])
                write(axes, _LEFT + (col + 0.5) * cell, y, words, ha="center", color=colour)
    return drawn
