"""Neurons, clusters and factors as figures: rows of neurons, or lines of factors, over tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..core.numbers import percent
from ..view.experts import neuron_label
from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .hues import HUES
from .ramp import colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["clusters_figure", "factors_figure", "neurons_figure"]

_LEFT = 0.9
_ROW = 0.13
_COLUMN, _NARROW = 0.42, 0.1
_FEW = 40
_FOOT = 0.75
_NEURONS = 40
_SPARK = 0.42
_MOST = 2048


def neurons_figure(spec: Spec) -> Figure:
    """The most active neurons of the picture; clay is positive, teal negative."""
    values, index = spec.arrays["activation"], spec.arrays["neuron"]
    strength = np.nan_to_num(np.abs(values))
    order = np.argsort(-strength.max(axis=2), axis=None, kind="stable")[:_NEURONS]
    layer, row = np.unravel_index(np.sort(order), index.shape)
    shown = values[layer, row]  # (rows, position)
    layers = spec.header["layers"]
    names = [
        f"{layers[b]} · {neuron_label(spec.arrays, (b, r))}"
        for b, r in zip(layer, row, strict=True)
    ]
    most = max(float(np.nanmax(np.abs(shown))), np.finfo(np.float32).tiny)
    share = np.sqrt(np.abs(shown) / most)
    painted = np.where((shown < 0)[..., None], colours("teal", share), colours("clay", share))
    return _rows_figure(spec, painted, names)


def clusters_figure(spec: Spec) -> Figure:
    """Rows cluster by cluster; the two colours take turns."""
    cluster = spec.arrays["cluster"]
    share = spec.arrays["pattern"].astype(np.float64) / 255
    share[:, spec.header["exclude"]] = np.nan
    odd = (cluster % 2 == 1)[:, None, None]
    painted = np.where(odd, colours("teal", share), colours("clay", share))
    first = np.r_[True, np.diff(cluster) != 0]
    sizes = spec.header["sizes"]
    names = [
        f"#{c}: {sizes[c]:,}" if new else "" for c, new in zip(cluster.tolist(), first, strict=True)
    ]
    return _rows_figure(spec, painted, names)


def factors_figure(spec: Spec) -> Figure:
    """A line per factor over the tokens, each scaled to its own largest activation."""
    activation = spec.arrays["activation"]
    column = _column(activation.shape[1])
    height = _SPARK * len(activation) + _FOOT
    figure, axes = canvas(spec, _LEFT + column * activation.shape[1], height)
    x = _LEFT + column * (np.arange(activation.shape[1]) + 0.5)
    for f, values in enumerate(activation):
        top = max(float(np.nanmax(values)), np.finfo(np.float32).tiny)
        base = _SPARK * (f + 1) - 0.05
        colour = HUES[f % len(HUES)]
        axes.plot(x, base - (_SPARK - 0.1) * values / top, color=colour, linewidth=1.1)
        name = f"{f}: {percent(spec.header['share'][f])}"
        write(axes, _LEFT - 0.08, base - _SPARK / 3, name, size=6.5, ha="right", color=colour)
    _tokens(axes, spec, column, _SPARK * len(activation))
    return figure


def _rows_figure(spec: Spec, painted: NDArray[np.uint8], names: list[str]) -> Figure:
    """(rows, position, 3) colours as cells with a name for each row."""
    count = painted.shape[1]
    column = _column(count)
    figure, axes = canvas(spec, _LEFT + column * count, _ROW * len(names) + _FOOT)
    edges_x = _LEFT + column * np.arange(count + 1)
    edges_y = _ROW * np.arange(len(names) + 1)
    axes.pcolormesh(edges_x, edges_y, painted / 255.0)
    for row, name in enumerate(names):
        write(axes, _LEFT - 0.06, _ROW * (row + 0.5), name, size=5.5, ha="right", color=DIM)
    _tokens(axes, spec, column, _ROW * len(names))
    return figure


def _column(count: int) -> float:
    if count > _MOST:
        raise InvalidError(
            "positions", count, allowed=f"at most {_MOST} in one figure", fix="save a page (.html)"
        )
    return _COLUMN if count <= _FEW else _NARROW


def _tokens(axes: Axes, spec: Spec, column: float, y: float) -> None:
    labels: list[Any] = spec.header["inputs"]
    every = 1 if column == _COLUMN else 2
    for at in range(0, len(labels), every):
        write(
            axes, _LEFT + column * (at + 0.5), y + 0.05, short(labels[at], 10), size=5.5,
            rotation=90, va="top", ha="center", color=DIM,
        )  # fmt: skip
