"""The grid of all heads that figures of attention draw: layers down, heads across."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..view.spec import Spec
from .drawing import DIM, canvas, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CELL", "FOOT", "GAP", "READ", "closed", "corners", "head_grid", "square"]

#: Inches: the side of a head's square, the room between two, and that below all of them.
CELL, GAP, FOOT = 0.36, 0.04, 0.35
_LEFT, _TOP = 0.35, 0.22
_MOST = 2500
READ = "Layers down, heads across; in each, queries down and keys across."


def head_grid(spec: Spec) -> tuple[Figure, Axes, tuple[float, float]]:
    """A figure with room for a square for each head and their numbers; its axes and limits.

    Raises InvalidError for more heads than can be drawn.
    """
    layers, heads = spec.header["layers"], spec.header["heads"]
    if len(layers) * len(heads) > _MOST:
        raise InvalidError(
            "heads", len(layers) * len(heads), allowed=f"at most {_MOST} in one figure",
            fix="give layers=, or save a page (.html)",
        )  # fmt: skip
    step = CELL + GAP
    limits = _LEFT + step * len(heads), _TOP + step * len(layers) + FOOT
    figure, axes = canvas(spec, *limits)
    for row, layer in enumerate(layers):
        y = _TOP + step * row + CELL / 2
        write(axes, _LEFT - 0.07, y, str(layer), size=6.5, ha="right", color=DIM)
    for column, head in enumerate(heads):
        x = _LEFT + step * column + CELL / 2
        write(axes, x, _TOP / 2, str(head), size=6.5, ha="center", color=DIM)
    return figure, axes, limits


def corners(spec: Spec) -> Iterator[tuple[int, int, tuple[float, float]]]:
    """Row, column and upper left corner of each head's square."""
    step = CELL + GAP
    for row in range(len(spec.header["layers"])):
        for column in range(len(spec.header["heads"])):
            yield row, column, (_LEFT + step * column, _TOP + step * row)


def square(axes: Axes, painted: NDArray[Any], corner: tuple[float, float], side: float) -> None:
    """(S, S, 3) colours as a square; closed() must come after."""
    x, y = corner
    axes.imshow(painted, extent=(x, x + side, y + side, y), aspect="auto", interpolation="nearest")


def closed(axes: Axes, limits: tuple[float, float], first: str, second: str) -> None:
    """The axes with their limits, which images move, and two lines on how to read them.

    limits  width and height in inches
    """
    width, height = limits
    axes.set(xlim=(0, width), ylim=(height, 0))
    write(axes, 0, height - 0.2, first, size=6.5, color=DIM)
    write(axes, 0, height - 0.06, second, size=6.5, color=DIM)
