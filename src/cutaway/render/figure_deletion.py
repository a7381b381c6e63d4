"""A deletion curve as a figure: probability against the number of tokens taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["deletion_figure"]

Floats = NDArray[np.floating[Any]]
_WIDTH, _HEIGHT, _LEFT, _NAMES = 4.6, 2.4, 0.5, 2.0
#: Colour and dash of each order: told apart without colour too.
_LINES = {
    "saliency": ("#b4541a", "-"), "occlusion": ("#0f6b62", "--"),
    "random": ("#68707c", ":"), "constant": ("#000000", "-."),
}  # fmt: skip


def deletion_figure(spec: Spec) -> Figure:
    """One line for each order; the band is the 95 % interval of the random orders' mean."""
    header, arrays = spec.header, spec.arrays
    figure, axes = canvas(spec, _LEFT + _WIDTH + _NAMES, _HEIGHT + 0.4)
    top = max(float(arrays["probability"].max()), 1e-6)
    last = header["counts"][-1]
    x = [_LEFT + _WIDTH * count / last for count in header["counts"]]

    def height(values: Floats) -> Floats:
        return _HEIGHT * (1 - values / top)

    axes.fill_between(x, height(arrays["low"]), height(arrays["high"]), color="#68707c", alpha=0.2)
    for r, run in enumerate(header["runs"]):
        colour, dash = _LINES[run]
        axes.plot(x, height(arrays["probability"][r]), color=colour, ls=dash, lw=1.4)
        right, y = _LEFT + _WIDTH, 0.15 + 0.22 * r
        axes.plot([right + 0.1, right + 0.4], [y, y], color=colour, ls=dash, lw=1.4)
        write(axes, right + 0.47, y, header["run_words"][r], size=6.5)
    _axes(axes, last, top)
    return figure


def _axes(axes: Axes, last: int, top: float) -> None:
    """Both axes with their ends in words."""
    axes.plot([_LEFT, _LEFT, _LEFT + _WIDTH], [0, _HEIGHT, _HEIGHT], color=DIM, lw=0.7)
    write(axes, _LEFT - 0.06, 0, percent(top), size=6.5, color=DIM, ha="right")
    write(axes, _LEFT - 0.06, _HEIGHT, "0 %", size=6.5, color=DIM, ha="right")
    below = _HEIGHT + 0.14
    write(axes, _LEFT, below, "0 tokens gone", size=6.5, color=DIM)
    write(axes, _LEFT + _WIDTH, below, f"{last} gone", size=6.5, color=DIM, ha="right")
