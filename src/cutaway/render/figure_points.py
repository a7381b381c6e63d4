"""Texts on a line as a figure: a row each, its point at its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.numbers import quantity
from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .ramp import RAMPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["points_figure"]

_ROW, _LEFT, _AXIS, _RIGHT = 0.22, 3.0, 4.0, 0.6
#: Room above the rows for the ticks, and for what stands at the ends.
_TICKS, _ENDS = 0.2, 0.2
_LETTERS = 44
_RULE = "#e6e3dc"
_POINT = RAMPS["clay"]["light"][6]


def points_figure(spec: Spec) -> Figure:
    """A line leads from each text to its point; 0 and 1 are ruled darker where they are ends."""
    header, values = spec.header, spec.arrays["value"].tolist()
    top = _TICKS + (_ENDS if header["ends"] else 0)
    rows = len(values) + (header["gap"] is not None)
    drawn, axes = canvas(spec, _LEFT + _AXIS + _RIGHT, top + max(1, rows) * _ROW)
    _ruled(axes, spec, top, top + rows * _ROW)
    for n, (text, value) in enumerate(zip(header["texts"], values, strict=True)):
        below = header["gap"] is not None and n >= header["gap"]
        y = top + (n + below + 0.5) * _ROW
        write(axes, _LEFT - 0.1, y, short(text, _LETTERS), ha="right")
        x = _x(spec, value)
        axes.plot([_LEFT, x], [y, y], color=_RULE, linewidth=1, linestyle=(0, (1, 2)))
        axes.plot([x], [y], marker="o", markersize=6, color=_POINT, clip_on=False)
        write(axes, _LEFT + _AXIS + 0.1, y, quantity(value), color=DIM)
    if header["gap"] is not None:
        write(axes, _LEFT - 0.1, top + (header["gap"] + 0.5) * _ROW, "…", ha="right", color=DIM)
    return drawn


def _ruled(axes: Axes, spec: Spec, top: float, bottom: float) -> None:
    """The axis: its ticks with their numbers, and what stands at 0 and at 1."""
    header = spec.header
    for tick in header["ticks"]:
        x = _x(spec, tick)
        strong = header["ends"] is not None and tick in (0, 1)
        axes.plot([x, x], [top, bottom], color=DIM if strong else _RULE, linewidth=0.8, zorder=0)
        write(axes, x, top - 0.1, f"{tick:g}", ha="center", size=6.5, color=DIM)
    for value, words in zip((0, 1), header["ends"] or (), strict=False):
        write(axes, _x(spec, value), 0.08, short(words, 24), ha="center", weight="bold")


def _x(spec: Spec, value: float) -> float:
    low, high = spec.header["low"], spec.header["high"]
    return _LEFT + float(_AXIS * (value - low) / (high - low))
