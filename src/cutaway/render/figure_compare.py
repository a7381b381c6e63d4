"""Two runs as figures: the difference of every head, or of every cell of a lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..core.numbers import quantity
from ..view.spec import Spec
from .cells import worded_cell
from .drawing import DIM, canvas, short, write
from .head_grid import CELL, READ, closed, corners, head_grid, square
from .ramp import colours
from .table_compare import slot_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["compare_attention_figure", "compare_figure"]


_MOST = 2500
_ROW, _COLUMN, _LABEL, _LONGEST = 0.19, 0.78, 0.75, 11


def compare_attention_figure(spec: Spec) -> Figure:
    """Thumbnails: queries down, keys across; clay where the first looks more, teal the second."""
    figure, axes, limits = head_grid(spec)
    painted = _signed_colours((spec.arrays["thumbnails"].astype(np.float64) - 128) / 127)
    for row, column, corner in corners(spec):
        square(axes, painted[row, column], corner, CELL)
        _frame(axes, corner)
    first, second = spec.header["names"]
    words = f"Brown: {first} looks more there; green: {second} does. Square-root shading."
    closed(axes, limits, words, READ)
    return figure


def _frame(axes: Axes, corner: tuple[float, float]) -> None:
    """A line around a square: where two heads look alike it is as white as the page."""
    x, y = corner
    axes.plot(
        [x, x + CELL, x + CELL, x, x], [y, y, y + CELL, y + CELL, y], color="#d8d4ca",
        linewidth=0.4,
    )  # fmt: skip


def compare_figure(spec: Spec) -> Figure:
    """The differences of the quantity the picture opens with, a cell each with its number."""
    header = spec.header
    shown = next(q for q in header["quantities"] if q["name"] == header["opens_with"])
    values = spec.arrays[shown["name"]][2].astype(np.float64)
    if values.size > _MOST:
        raise InvalidError(
            "cells", values.size, allowed=f"at most {_MOST} in one figure",
            fix="give positions=, or save a page (.html)",
        )  # fmt: skip
    rows = list(range(len(values)))[:: -1 if header["upwards"] else 1]
    width, height = _LABEL + _COLUMN * values.shape[1], _ROW * (len(rows) + 2.5)
    figure, axes = canvas(spec, width, height)
    painted = _signed_colours(np.sign(values) * np.sqrt(np.minimum(1, abs(values) / shown["gap"])))
    for column in range(values.shape[1]):
        x = _LABEL + (column + 0.5) * _COLUMN
        write(axes, x, _ROW / 2, short(slot_name(spec, column), _LONGEST), ha="center", size=6.5)
    for line, row in enumerate(rows):
        y = _ROW * (line + 1)
        name = short(header["rows"][row], _LONGEST)
        write(axes, _LABEL - 0.07, y + _ROW / 2, name, size=6.5, ha="right", color=DIM)
        for column, colour in enumerate(painted[row]):
            x = _LABEL + column * _COLUMN
            words = short(_told(spec, shown, (row, column)), 14)
            worded_cell(axes, (x, y, _COLUMN, _ROW), colour, words, 6)
    first, second = header["names"]
    words = f"{second} minus {first}: {shown['words']}. Brown: less, green: more; square root."
    write(axes, 0, height - 0.1, words, size=6.5, color=DIM)
    return figure


def _told(spec: Spec, shown: dict[str, Any], at: tuple[int, int]) -> str:
    """The difference with its sign, of shares in points; where top tokens differ, these."""
    value = float(spec.arrays[shown["name"]][(2, *at)])
    if np.isnan(value) and "top_index" in spec.arrays:
        words = [*spec.header["vocabulary"], "∅"]
        first, second = (words[i] for i in spec.arrays["top_index"][(slice(None), *at, 0)])
        return f"{short(first, 6)}→{short(second, 6)}"
    if np.isnan(value):
        return ""
    return f"{100 * value:+.1f}" if shown["share"] else ("+" if value > 0 else "") + quantity(value)


def _signed_colours(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(..., 3) colours of signed shares -1..1: clay below 0, teal above; NaN is undefined."""
    below, above = (colours(ramp, np.abs(shares)) for ramp in ("clay", "teal"))
    return np.where((shares < 0)[..., None], below, above)
