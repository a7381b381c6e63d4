"""The attention of every head as a figure: a thumbnail per head, layers down, heads across."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import InvalidError
from ..view.spec import Spec
from .drawing import DIM, canvas, write
from .figure_heads import heads_figure
from .ramp import colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["attention_figure"]

_LEFT, _TOP, _GAP = 0.35, 0.22, 0.04
_CELL = 0.36
_FOOT = 0.35
_MOST = 2500
#: Of an aggregate: wider squares, so many in a line, and the room for their names.
_WIDE, _ACROSS, _NAME = 0.95, 6, 0.2
_SHADING = "Square-root shading, first token hidden and rows renormalised."


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
    layers, heads = spec.header["layers"], spec.header["heads"]
    if len(layers) * len(heads) > _MOST:
        raise InvalidError(
            "heads", len(layers) * len(heads), allowed=f"at most {_MOST} in one figure",
            fix="give layers=, or save a page (.html)",
        )  # fmt: skip
    step = _CELL + _GAP
    width, height = _LEFT + step * len(heads), _TOP + step * len(layers) + _FOOT
    figure, axes = canvas(spec, width, height)
    for row, layer in enumerate(layers):
        y = _TOP + step * row
        write(axes, _LEFT - 0.07, y + _CELL / 2, str(layer), size=6.5, ha="right", color=DIM)
    for column, head in enumerate(heads):
        x = _LEFT + step * column
        write(axes, x + _CELL / 2, _TOP / 2, str(head), size=6.5, ha="center", color=DIM)
        corners = [(x, _TOP + step * row) for row in range(len(layers))]
        _squares(axes, spec, column, corners, _CELL)
    axes.set(xlim=(0, width), ylim=(height, 0))
    _foot(axes, spec, height, "Layers down, heads across; in each, queries down and keys across.")
    return figure


def _every_layer(spec: Spec) -> Figure:
    """A square for each layer of an aggregate, in reading order."""
    layers = spec.header["layers"]
    across = min(_ACROSS, len(layers))
    lines = -(-len(layers) // across)
    width, step = across * (_WIDE + _GAP), _WIDE + _NAME
    height = step * lines + _FOOT + 0.1
    figure, axes = canvas(spec, width, height)
    corners = []
    for n, layer in enumerate(layers):
        x, y = (n % across) * (_WIDE + _GAP), (n // across) * step
        write(axes, x, y + _NAME / 2, f"layer {layer}", size=6.5, color=DIM)
        corners.append((x, y + _NAME))
    _squares(axes, spec, 0, corners, _WIDE)
    axes.set(xlim=(0, width), ylim=(height, 0))
    _foot(axes, spec, height, "Queries down and keys across.")
    return figure


def _squares(
    axes: Axes, spec: Spec, column: int, corners: list[tuple[float, float]], side: float
) -> None:
    """The thumbnails of one head number, a corner (left, top) for each layer."""
    painted = colours("clay", spec.arrays["thumbnails_rest"][:, column] / 255.0)  # (layer, S, S, 3)
    for square, (x, y) in zip(painted, corners, strict=True):
        axes.imshow(
            square, extent=(x, x + side, y + side, y), aspect="auto", interpolation="nearest"
        )


def _foot(axes: Axes, spec: Spec, height: float, words: str) -> None:
    """How to read it, in two lines."""
    if spec.header["weighting"]["name"] != "weight":
        words += " Cells are shares of their row's sum."
    write(axes, 0, height - 0.2, words, size=6.5, color=DIM)
    write(axes, 0, height - 0.06, _SHADING, size=6.5, color=DIM)
