"""The experts of two runs as a figure: what goes elsewhere in each cell, and how loads change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, drawable, short, write
from .ramp import colours, ink
from .table_compare import slot_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["compare_experts_figure"]

_LEFT, _HEAD, _ROW, _BETWEEN, _FOOT = 0.4, 0.95, 0.2, 0.85, 0.4
#: Width of a column in inches: of few, with room for a number, and of many.
_WIDE, _NARROW, _FEW, _MOST = 0.4, 0.1, 24, 1024


def compare_experts_figure(spec: Spec) -> Figure:
    """The share of weight that goes to other experts, and the change of every expert's load.

    Raises InvalidError for texts too long to draw.
    """
    variation = spec.arrays["variation"].astype(np.float64)
    first, second = spec.arrays["load"].astype(np.float64)
    n_layers, slots = variation.shape
    if slots > _MOST:
        raise InvalidError(
            "positions", slots, allowed=f"at most {_MOST} in one figure", fix="save a page (.html)"
        )
    column, side = (_WIDE if n <= _FEW else _NARROW for n in (slots, first.shape[1]))
    below = _HEAD + n_layers * _ROW + _BETWEEN
    height = below + n_layers * _ROW + _FOOT
    figure, axes = canvas(spec, _LEFT + max(slots * column, first.shape[1] * side), height)
    _tokens(axes, spec, column)
    shaded = colours("teal", np.sqrt(variation))
    _grid(axes, spec, shaded[::-1], (column, _HEAD))
    if column == _WIDE:
        _told(axes, variation[::-1], shaded[::-1])
    change = (second - first)[::-1]
    most = max(float(np.nanmax(np.abs(change))), 1e-9)
    share = np.sqrt(np.abs(change) / most)
    painted = np.where((change < 0)[..., None], colours("clay", share), colours("teal", share))
    _grid(axes, spec, painted, (side, below))
    names = spec.header["names"]
    words = "Share of the weight that goes to other experts, in percent; square-root shading."
    write(axes, _LEFT, below - _BETWEEN + 0.12, words, size=6.5, color=DIM)
    write(axes, _LEFT, below - 0.12, "Experts across from 0, layers down", size=7)
    words = f"Brown: called more often in {names[0]}; green: in {names[1]}, to {percent(most)}."
    write(axes, _LEFT, height - 0.15, words, size=6.5, color=DIM)
    return figure


def _grid(axes: Axes, spec: Spec, painted: NDArray[np.uint8], place: tuple[float, float]) -> None:
    """(layer, column, 3) colours as cells, the last layer on top, each row named."""
    column, top = place
    rows, columns = painted.shape[:2]
    x, y = _LEFT + column * np.arange(columns + 1), top + _ROW * np.arange(rows + 1)
    axes.pcolormesh(x, y, painted / 255.0, edgecolors="#d8d4ca", linewidth=0.3)
    for row, layer in enumerate(reversed(spec.header["layers"])):
        middle = top + _ROW * (row + 0.5)
        write(axes, _LEFT - 0.07, middle, str(layer), size=6.5, ha="right", color=DIM)


def _told(axes: Axes, variation: NDArray[np.float64], painted: NDArray[np.uint8]) -> None:
    """The share in each cell that both runs have, in percent."""
    for row, column in np.argwhere(~np.isnan(variation)).tolist():
        share = float(variation[row, column])
        write(
            axes, _LEFT + _WIDE * (column + 0.5), _HEAD + _ROW * (row + 0.5), f"{100 * share:.0f}",
            size=6, ha="center", color=ink(painted[row, column]),
        )  # fmt: skip


def _tokens(axes: Axes, spec: Spec, column: float) -> None:
    for slot in range(0, len(spec.header["same"]), 1 if column == _WIDE else 2):
        label = short(drawable(slot_name(spec, slot)), 13)
        write(
            axes, _LEFT + column * (slot + 0.5), _HEAD - 0.05, label, size=6, rotation=90,
            ha="center", va="bottom",
        )  # fmt: skip
