"""The logit lens as a figure: a coloured cell per layer and position, final layer on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InvalidError
from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .cells import strip
from .drawing import DIM, canvas, drawable, short, write
from .grid import Grid, grid
from .ramp import colours, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["lens_figure"]

_ROW = 0.2
_HEAD = 0.75
#: Width of a column in inches, with tokens in its cells and without.
_COLUMN, _NARROW = 0.72, 0.11
_MOST_WITH_TOKENS = 64
_MOST = 4096
_LONGEST = 10
_LEGEND = 0.5


def lens_figure(spec: Spec, told: int = _MOST_WITH_TOKENS) -> Figure:
    """Cells hold the top token, or the rank where that is what is shown; a legend below.

    told  with more positions than this the cells are only coloured: above 64 they would be too
          narrow for text
    """
    whole = grid(spec)
    count = len(whole.positions)
    if count > _MOST:
        raise InvalidError(
            "positions", count, allowed=f"at most {_MOST} in one figure",
            fix="give positions=, or save a page (.html)",
        )  # fmt: skip
    worded = count <= told
    column = _COLUMN if worded else _NARROW
    height = _HEAD * 0.3 + len(whole.rows) * _ROW + _LEGEND + (0.25 if worded else 0.9)
    figure, axes = canvas(spec, _HEAD + count * column, height)
    top = _HEAD * 0.3
    _cells(axes, whole, column, top)
    if worded:
        _tokens(axes, whole, column, top)
    _ends(axes, whole, column, top, upright=worded)
    _legend(axes, whole, height - 0.12)
    return figure


def _cells(axes: Axes, whole: Grid, column: float, top: float) -> None:
    shares = np.stack([row.shares for row in whole.rows])
    x = _HEAD + column * np.arange(shares.shape[1] + 1)
    y = top + _ROW * np.arange(shares.shape[0] + 1)
    filled = colours(whole.quantity["ramp"], shares)
    axes.pcolormesh(x, y, filled / 255.0, edgecolors="white", linewidth=0.5 if column > 0.2 else 0)
    for r, row in enumerate(whole.rows):
        write(axes, _HEAD - 0.07, top + _ROW * (r + 0.5), row.name, size=6.5, ha="right", color=DIM)


def _tokens(axes: Axes, whole: Grid, column: float, top: float) -> None:
    ranked = whole.quantity["name"] == "rank"
    for r, row in enumerate(whole.rows):
        backgrounds = colours(whole.quantity["ramp"], row.shares)
        for p, words in enumerate(row.numbers if ranked else row.labels):
            write(
                axes, _HEAD + column * (p + 0.5), top + _ROW * (r + 0.5), _fitted(words),
                ha="center", size=6.5, color=ink(backgrounds[p]),
            )  # fmt: skip


def _ends(axes: Axes, whole: Grid, column: float, top: float, *, upright: bool) -> None:
    """The tokens that were read, below; above, where there is room, the tokens that came."""
    below = top + _ROW * len(whole.rows)
    turn = {"ha": "center"} if upright else {"ha": "center", "va": "top", "rotation": 90}
    for p, (read, came) in enumerate(zip(whole.reads, whole.comes, strict=True)):
        x = _HEAD + column * (p + 0.5)
        if upright:
            write(axes, x, top - 0.1, _fitted(came), size=6.5, color=DIM, ha="center")
        write(
            axes, x, below + (0.12 if upright else 0.04), _fitted(read),
            size=6.5 if upright else 5.5, **turn,
        )  # fmt: skip
    write(axes, _HEAD - 0.07, below + 0.12, "read", size=6.5, color=DIM, ha="right")
    if upright:
        write(axes, _HEAD - 0.07, top - 0.1, "came", size=6.5, color=DIM, ha="right")


def _legend(axes: Axes, whole: Grid, y: float) -> None:
    shown = whole.quantity
    low, high = _end(shown["name"], shown["low"]), _end(shown["name"], shown["high"])
    scale = " (log scale)" if shown["scale"] == "log" else ""
    unit = f", {shown['unit']}" if shown["unit"] else ""
    mark = f"   {whole.mark}" if whole.checked else ""
    words = f"{shown['words']}{unit}{scale}{mark}"
    strip(
        axes, (_HEAD, y), (low, f"{high}   {words}"), ramp=shown["ramp"],
        rising=shown["strong"] == "high",
    )  # fmt: skip


def _end(name: str, value: float) -> str:
    if name == "probability":
        return percent(value)
    return f"{value:,.0f}" if name == "rank" else quantity(value)


def _fitted(words: str) -> str:
    return short(drawable(words), _LONGEST)
