"""What figures of coloured cells share: words in cells and at their ends, the strip of a scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .drawing import DIM, drawable, short, write
from .ramp import colours, hexadecimal, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["strip", "token_ends", "worded_cell"]

#: Inches: how wide a scale's strip is.
_STRIP = 1.6


def worded_cell(
    axes: Axes,
    box: tuple[float, float, float, float],
    colour: NDArray[Any],
    words: str,
    size: float,
) -> None:
    """A cell in its colour with words in it.

    box  left, top, width and height in inches
    """
    left, top, width, height = box
    axes.barh(
        top + height / 2, width, height, left=left, color=hexadecimal(colour)[0],
        edgecolor="white", linewidth=0.5,
    )  # fmt: skip
    write(
        axes, left + width / 2, top + height / 2, words, ha="center", size=size, color=ink(colour)
    )


def token_ends(
    axes: Axes,
    columns: Sequence[str],
    rows: Iterable[tuple[int, str]],
    corner: tuple[float, float],
    cell: tuple[float, float],
) -> None:
    """The columns' tokens, upright above; the rows' tokens with their positions, at the left.

    corner  left and top of the cells in inches
    cell    width and height of one
    """
    (left, top), (width, height) = corner, cell
    for c, label in enumerate(columns):
        write(
            axes, left + width * (c + 0.5), top - 0.05, short(drawable(label), 10), size=6,
            rotation=90, ha="center", va="bottom",
        )  # fmt: skip
    for r, (position, label) in enumerate(rows):
        words = f"{short(drawable(label), 11)} {position}"
        write(axes, left - 0.07, top + height * (r + 0.5), words, size=6.5, ha="right")


def strip(
    axes: Axes,
    corner: tuple[float, float],
    ends: tuple[str, str],
    *,
    ramp: str = "clay",
    rising: bool = True,
) -> None:
    """The colours of a scale between its ends in words.

    corner  its left end and its middle's height, in inches
    rising  whether the strong colour is at the right end
    """
    left, y = corner
    shares = np.linspace(0, 1, 65)
    painted = colours(ramp, shares if rising else shares[::-1])
    write(axes, left - 0.07, y, ends[0], size=6.5, color=DIM, ha="right")
    axes.pcolormesh(
        left + _STRIP * np.linspace(0, 1, 66), [y - 0.05, y + 0.05], painted[None] / 255.0
    )
    write(axes, left + _STRIP + 0.07, y, ends[1], size=6.5, color=DIM)
