"""The attention of every head as a figure: a thumbnail per head, layers down, heads across."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import InvalidError
from ..view.spec import Spec
from .drawing import DIM, canvas, write
from .ramp import colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["attention_figure"]

_LEFT, _TOP, _GAP = 0.35, 0.22, 0.04
_CELL = 0.36
_FOOT = 0.35
_MOST = 2500


def attention_figure(spec: Spec) -> Figure:
    """Queries run down and keys across inside a thumbnail; darker is more weight.

    The first token is hidden and the rows sum to 1 without it: it would be the picture else.
    """
    layers, heads = spec.header["layers"], spec.header["heads"]
    if len(layers) * len(heads) > _MOST:
        raise InvalidError(
            "heads", len(layers) * len(heads), allowed=f"at most {_MOST} in one figure",
            fix="give layers=, or save a page (.html)",
        )  # fmt: skip
    step = _CELL + _GAP
    width, height = _LEFT + step * len(heads), _TOP + step * len(layers) + _FOOT
    figure, axes = canvas(spec, width, height)
    painted = colours("clay", spec.arrays["thumbnails_rest"] / 255.0)  # (layer, head, S, S, 3)
    for row, layer in enumerate(layers):
        y = _TOP + step * row
        write(axes, _LEFT - 0.07, y + _CELL / 2, str(layer), size=6.5, ha="right", color=DIM)
        for column in range(len(heads)):
            x = _LEFT + step * column
            axes.imshow(
                painted[row, column], extent=(x, x + _CELL, y + _CELL, y), aspect="auto",
                interpolation="nearest",
            )  # fmt: skip
    for column, head in enumerate(heads):
        x = _LEFT + step * column + _CELL / 2
        write(axes, x, _TOP / 2, str(head), size=6.5, ha="center", color=DIM)
    axes.set(xlim=(0, width), ylim=(height, 0))
    words = "Layers down, heads across; in each, queries down and keys across. Square-root shading,"
    write(axes, 0, height - 0.2, words, size=6.5, color=DIM)
    write(axes, 0, height - 0.06, "first token hidden and rows renormalised.", size=6.5, color=DIM)
    return figure
