"""The attention of every head as a figure: a thumbnail per head, layers down, heads across."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, write
from .figure_heads import heads_figure
from .head_grid import CELL, FOOT, GAP, READ, closed, corners, head_grid, square
from .ramp import colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["attention_figure"]

#: A weight that is printed as all there is.
_WHOLE = 0.995
#: Of an aggregate: wider squares, so many in a line, and the room for their names.
_WIDE, _ACROSS, _NAME = 0.95, 6, 0.2
_SHADING = "Square-root shading{full}, first {unit} hidden and rows renormalised."


def attention_figure(spec: Spec) -> Figure:
    """What the page opens with: the heads of a layer as lines, or all heads as thumbnails.

    Queries run down and keys across inside a thumbnail; darker is more weight. The first token is
    hidden and the rows sum to 1 without it: it would be the picture else.
    """
    if spec.header["opens"] == "heads":
        return heads_figure(spec)
    return _every_head(spec) if spec.header["aggregate"] is None else _every_layer(spec)


def _every_head(spec: Spec) -> Figure:
    """Layers down, heads across."""
    figure, axes, limits = head_grid(spec)
    small, shading = _shaded(spec)
    for row, column, corner in corners(spec):
        square(axes, colours("clay", small[row, column]), corner, CELL)
    closed(axes, limits, _words(spec, READ), shading)
    return figure


def _every_layer(spec: Spec) -> Figure:
    """A square for each layer of an aggregate, in reading order."""
    layers = spec.header["layers"]
    across = min(_ACROSS, len(layers))
    lines = -(-len(layers) // across)
    width, step = across * (_WIDE + GAP), _WIDE + _NAME
    limits = width, step * lines + FOOT + 0.1
    figure, axes = canvas(spec, *limits)
    small, shading = _shaded(spec)
    for n, layer in enumerate(layers):
        x, y = (n % across) * (_WIDE + GAP), (n // across) * step
        write(axes, x, y + _NAME / 2, f"layer {layer}", size=6.5, color=DIM)
        square(axes, colours("clay", small[n, 0]), (x, y + _NAME), _WIDE)
    closed(axes, limits, _words(spec, "Queries down and keys across."), shading)
    return figure


def _shaded(spec: Spec) -> tuple[NDArray[np.float64], str]:
    """(layer, head, S, S) shades, 1 at the largest weight of any head, and what they say."""
    levels = spec.arrays["thumbnails_rest"] / 255.0
    most = float(levels.max()) or 1.0
    full = f", in full at {percent(most**2)}" if most**2 < _WHOLE else ""
    unit = "frame" if (spec.header["keys"] or spec.header).get("times") else "token"
    return levels / most, _SHADING.format(full=full, unit=unit)


def _words(spec: Spec, words: str) -> str:
    """How cells are read, and what they are where they are no weights."""
    plain = spec.header["weighting"]["name"] == "weight"
    return words if plain else words + " Cells are shares of their row's sum."
