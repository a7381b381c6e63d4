"""The candidates table as a figure: a row per layer, k tokens with their probabilities as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.numbers import percent
from ..view.spec import Spec
from .candidate_layers import layer_names
from .drawing import DIM, canvas, drawable, short, write
from .ramp import RAMPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["candidates_figure"]

_ROW = 0.24
_HEAD = 0.6
_CELL = 1.45
_BAR = _CELL - 0.25
_LONGEST = 13
_FILL = RAMPS["clay"]["light"][2]


def candidates_figure(spec: Spec) -> Figure:
    """Final layer on top, the likeliest token on the left; a full bar is a probability of 1."""
    layers, k = spec.header["layers"], spec.header["k"]
    figure, axes = canvas(spec, _HEAD + k * _CELL, _ROW * (len(layers) + 1))
    for rank in range(k):
        write(axes, _HEAD + rank * _CELL, _ROW / 2, str(rank + 1), size=6.5, color=DIM)
    names = layer_names(spec)
    for line, r in enumerate(reversed(range(len(layers)))):
        y = _ROW * (line + 1.5)
        write(axes, _HEAD - 0.1, y, names[r], size=6.5, color=DIM, ha="right")
        _row(axes, spec, r, y)
    return figure


def _row(axes: Axes, spec: Spec, r: int, y: float) -> None:
    words = spec.header["vocabulary"]
    candidates = zip(
        spec.arrays["top_index"][r].tolist(), spec.arrays["top_probability"][r].tolist(),
        strict=True,
    )  # fmt: skip
    for rank, (index, probability) in enumerate(candidates):
        if index < 0:
            continue
        x = _HEAD + rank * _CELL
        axes.barh(y, _BAR * probability, _ROW * 0.84, left=x, color=_FILL)
        write(axes, x + 0.04, y, short(drawable(words[index]), _LONGEST))
        write(axes, x + _BAR - 0.03, y, percent(probability), size=6, ha="right")
