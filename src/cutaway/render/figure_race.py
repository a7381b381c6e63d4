"""The race and the probes as figures: ranks in coloured cells, and the race as lines too."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.numbers import rank
from ..view.spec import Spec
from .cells import worded_cell
from .drawing import DIM, canvas, short, write
from .hues import DASHES, HUES
from .scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["pairs_figure", "watch_figure"]

_ROW, _COLUMN, _LEFT = 0.19, 0.75, 0.45
_CHART = 4.2
_GAP = 0.5
_LONGEST = 10
#: Inches between the labels at the lines' ends.
_LABEL = 0.13


def watch_figure(spec: Spec) -> Figure:
    """Cells on the left, final layer on top; on the right rank against layer, 1 on top."""
    ranks, layers = spec.arrays["rank"], spec.header["layers"]
    cells = _LEFT + ranks.shape[1] * _COLUMN
    height = _ROW * (len(layers) + 1.5)
    figure, axes = canvas(spec, cells + _GAP + _CHART + 1.0, max(height, 2.4))
    _cells(axes, spec, ranks, (0.0, 0.0))
    _lines(axes, spec, cells + _GAP + 0.3, max(height, 2.4))
    return figure


def pairs_figure(spec: Spec) -> Figure:
    """A panel of cells per prompt, side by side."""
    ranks, header = spec.arrays["rank"], spec.header
    panel = max(_LEFT + ranks.shape[2] * _COLUMN, 1.7)
    height = _ROW * (len(header["layers"]) + 3)
    figure, axes = canvas(spec, len(ranks) * (panel + _GAP) - _GAP, height)
    for run, name in enumerate(header["runs"]):
        left = run * (panel + _GAP)
        write(axes, left, _ROW / 2, short(name, int(panel / 0.075)), size=7)
        _cells(axes, spec, ranks[run], (left, _ROW * 1.3))
    return figure


def _cells(axes: Axes, spec: Spec, ranks: NDArray[Any], corner: tuple[float, float]) -> None:
    """(layer, token) ranks as cells with their numbers; corner is (left, top) in inches."""
    left, top = corner
    scale = Scale(
        low=1, high=max(2, spec.header["vocabulary_size"]), log=True, ramp="teal", rising=False
    )
    colours = scale.colours(ranks.astype(np.float64), undefined=0)
    for column, token in enumerate(spec.header["tokens"]):
        x = left + _LEFT + (column + 0.5) * _COLUMN
        write(axes, x, top + _ROW / 2, short(token, _LONGEST), ha="center", weight="bold")
    for line, r in enumerate(reversed(range(len(ranks)))):
        y = top + _ROW * (line + 1)
        name = layer_name(spec.header["layers"][r])
        write(axes, left + _LEFT - 0.07, y + _ROW / 2, name, size=6.5, ha="right", color=DIM)
        for column, colour in enumerate(colours[r]):
            x = left + _LEFT + column * _COLUMN
            words = rank(int(ranks[r, column]))
            worded_cell(axes, (x, y, _COLUMN, _ROW), colour, words, 6.5)


def _lines(axes: Axes, spec: Spec, left: float, height: float) -> None:
    """Log rank against layer, in inches: every line has its hue, its dash and its label."""
    layers, worst = spec.header["layers"], np.log(max(2, spec.header["vocabulary_size"]))
    top, bottom = 0.15, height - 0.3
    x = left + _CHART * np.arange(len(layers)) / max(1, len(layers) - 1)
    for power in range(int(worst / np.log(10)) + 1):
        y = top + (bottom - top) * power * np.log(10) / worst
        axes.plot([left, left + _CHART], [y, y], color="#e6e3dc", linewidth=0.6)
        write(axes, left - 0.06, y, rank(10**power), size=6, ha="right", color=DIM)
    for at in range(0, len(layers), max(1, len(layers) // 10)):
        write(axes, x[at], bottom + 0.12, layer_name(layers[at]), size=6, ha="center", color=DIM)
    tokens = spec.header["tokens"]
    ends = _apart(_heights(spec.arrays["rank"][-1], worst, top, bottom), bottom)
    for column, token in enumerate(tokens):
        y_of = _heights(spec.arrays["rank"][:, column], worst, top, bottom)
        colour = HUES[column % len(HUES)]
        axes.plot(x, y_of, color=colour, linewidth=1.4, linestyle=DASHES[column % len(DASHES)])
        axes.plot([x[-1] + 0.04, x[-1] + 0.14], [y_of[-1], ends[column]], color=colour, lw=0.5)
        write(axes, x[-1] + 0.17, float(ends[column]), short(token, _LONGEST), color=colour)


def _heights(ranks: NDArray[Any], worst: float, top: float, bottom: float) -> NDArray[np.float64]:
    """Where ranks stand: 1 at the top, the worst, by its logarithm, at the bottom."""
    return np.asarray(top + (bottom - top) * np.log(ranks) / worst)


def _apart(wanted: NDArray[np.float64], bottom: float) -> NDArray[np.float64]:
    """The places of labels, as near to those wanted as they can be without meeting."""
    places, order = wanted.copy(), np.argsort(wanted, kind="stable")
    for before, after in pairwise(order):
        places[after] = max(places[after], places[before] + _LABEL)
    places[order[-1]] = min(places[order[-1]], bottom)
    for after, before in pairwise(order[::-1]):
        places[before] = min(places[before], places[after] - _LABEL)
    return places
