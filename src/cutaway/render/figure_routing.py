"""The experts of a mixture as a figure: layers by tokens, and layers by experts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .drawing import DIM, canvas, drawable, short, write
from .ramp import colours, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["experts_figure"]

_LEFT, _HEAD, _ROW, _BETWEEN, _FOOT = 0.4, 0.75, 0.2, 0.85, 0.4
#: Width of a column in inches, with the experts' numbers in its cells and without.
_COLUMN, _NARROW = 0.62, 0.1
_FEW, _MOST = 24, 1024
#: Numbers in a cell, and of an axis of experts.
_TOLD, _NUMBERED = 3, 32


def experts_figure(spec: Spec) -> Figure:
    """The experts called in each layer at each token, and how often each expert was called.

    Raises InvalidError for a text too long to draw.
    """
    weight, load = spec.arrays["weight"], spec.arrays["load"]
    n_layers, T = weight.shape[:2]
    if T > _MOST:
        raise InvalidError(
            "positions", T, allowed=f"at most {_MOST} in one figure", fix="save a page (.html)"
        )
    column = _COLUMN if T <= _FEW else _NARROW
    side = 0.3 if load.shape[1] <= _NUMBERED else _NARROW
    second = _HEAD + n_layers * _ROW + _BETWEEN
    height = second + n_layers * _ROW + _FOOT
    figure, axes = canvas(spec, _LEFT + max(T * column, load.shape[1] * side), height)
    _tokens(axes, spec, column)
    _grid(axes, spec, weight[..., 0][::-1], (column, _HEAD), "clay")
    if column == _COLUMN:
        _numbers(axes, spec)
    _experts(axes, load.shape[1], side, second)
    _grid(axes, spec, load[::-1], (side, second), "teal")
    most = quantity(float(np.nanmax(weight[..., 0])))
    told = "; the numbers are experts" if column == _COLUMN else ""
    words = f"Clay: the weight of the strongest expert, to {most}{told}."
    write(axes, _LEFT, second - _BETWEEN + 0.12, words, size=6.5, color=DIM)
    write(axes, _LEFT, height - 0.15, f"Teal: the share of tokens that called an expert, to "
          f"{percent(float(np.nanmax(load)))}.", size=6.5, color=DIM)  # fmt: skip
    return figure


def _grid(
    axes: Axes, spec: Spec, values: NDArray[Any], place: tuple[float, float], ramp: str
) -> None:
    """(layer, column) values as cells, the last layer on top, each row named."""
    column, top = place
    filled = colours(ramp, values / max(float(np.nanmax(values)), 1e-9))
    x = _LEFT + column * np.arange(values.shape[1] + 1)
    y = top + _ROW * np.arange(values.shape[0] + 1)
    line = 0.5 if column > _NARROW else 0
    axes.pcolormesh(x, y, filled / 255.0, edgecolors="white", linewidth=line)
    for row, layer in enumerate(reversed(spec.header["layers"])):
        words = str(layer)
        write(axes, _LEFT - 0.07, top + _ROW * (row + 0.5), words, size=6.5, ha="right", color=DIM)


def _numbers(axes: Axes, spec: Spec) -> None:
    """The experts called, the strongest first."""
    chosen, strongest = spec.arrays["chosen"][::-1], spec.arrays["weight"][::-1, :, 0]
    filled = colours("clay", strongest / max(float(np.nanmax(strongest)), 1e-9))
    for row, at in np.ndindex(strongest.shape):
        called = [str(e) for e in chosen[row, at].tolist() if e >= 0]
        words = " ".join(called[:_TOLD]) + ("…" if len(called) > _TOLD else "")
        write(
            axes, _LEFT + _COLUMN * (at + 0.5), _HEAD + _ROW * (row + 0.5), words, size=6,
            ha="center", color=ink(filled[row, at]),
        )  # fmt: skip


def _tokens(axes: Axes, spec: Spec, column: float) -> None:
    every = 1 if column == _COLUMN else 2
    for at in range(0, len(spec.header["inputs"]), every):
        label = short(drawable(spec.header["inputs"][at]), 10)
        write(
            axes, _LEFT + column * (at + 0.5), _HEAD - 0.05, label, size=6, rotation=90,
            ha="center", va="bottom",
        )  # fmt: skip


def _experts(axes: Axes, count: int, side: float, top: float) -> None:
    write(axes, _LEFT, top - 0.3, "Experts across, layers down", size=7)
    every = 1 if side > _NARROW else 8
    for expert in range(0, count, every):
        x = _LEFT + side * (expert + 0.5)
        write(axes, x, top - 0.09, str(expert), size=6, ha="center", color=DIM)
