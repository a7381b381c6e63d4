"""An alignment matrix as a figure: the target's tokens down, the source's across."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InvalidError
from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .cells import strip, token_ends
from .drawing import canvas, write
from .ramp import colours, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["alignment_figure"]

_ROW, _HEAD, _TOP, _FOOT = 0.22, 1.0, 0.8, 0.45
#: Width of a column in inches, with numbers in its cells and without.
_COLUMN, _NARROW = 0.5, 0.16
_MOST_WITH_NUMBERS, _MOST = 24, 512


def alignment_figure(spec: Spec) -> Figure:
    """The layer that the page opens with; the largest cell of each row is framed.

    Raises InvalidError for texts too long to draw.
    """
    n_targets, count = spec.arrays["weight"].shape[1:]
    if max(n_targets, count) > _MOST:
        raise InvalidError(
            "tokens", max(n_targets, count), allowed=f"at most {_MOST} in one figure",
            fix="save a page (.html)",
        )  # fmt: skip
    told = count <= _MOST_WITH_NUMBERS
    column = _COLUMN if told else _NARROW
    height = _TOP + n_targets * _ROW + _FOOT
    figure, axes = canvas(spec, _HEAD + count * column, height)
    _cells(axes, spec, column, told)
    _ends(axes, spec, column)
    _legend(axes, spec, height - 0.2, told)
    return figure


def _cells(axes: Axes, spec: Spec, column: float, told: bool) -> None:
    from matplotlib.patches import Rectangle

    opens = spec.header["opens_with"]
    weight = np.nan_to_num(spec.arrays["weight"][opens])
    filled = colours("clay", weight / max(float(weight.max()), 1e-9))
    x = _HEAD + column * np.arange(weight.shape[1] + 1)
    y = _TOP + _ROW * np.arange(weight.shape[0] + 1)
    axes.pcolormesh(x, y, filled / 255.0, edgecolors="white", linewidth=0.5 if told else 0)
    for r, best in enumerate(spec.arrays["best"][opens].tolist()):
        if best >= 0:
            box = Rectangle((x[best], y[r]), column, _ROW, fill=False, edgecolor="black", lw=0.9)
            axes.add_patch(box)
    for r, c in np.ndindex(weight.shape) if told else ():
        number = _told(spec, float(weight[r, c])).removesuffix(" %")
        write(
            axes, _HEAD + column * (c + 0.5), _TOP + _ROW * (r + 0.5), number, ha="center", size=6,
            color=ink(filled[r, c]),
        )  # fmt: skip


def _ends(axes: Axes, spec: Spec, column: float) -> None:
    """The source's tokens above; the target's, at the left."""
    rows = zip(spec.header["targets"], spec.header["explained"], strict=True)
    token_ends(axes, spec.header["inputs"], rows, (_HEAD, _TOP), (column, _ROW))


def _legend(axes: Axes, spec: Spec, y: float, told: bool) -> None:
    """Which layer, the scale, and what a frame is."""
    header = spec.header
    largest = float(np.nan_to_num(spec.arrays["weight"][header["opens_with"]]).max())
    layers = header["layers"]
    write(axes, 0, 0.12, f"Layer {layers[header['opens_with']]}" if layers else "All targets")
    unit = ", in percent" if told and header["unit"] == "1" else ""
    framed = "framed: the most of a row; rows targets, columns the source"
    words = f"{_told(spec, largest)}{unit}   {framed}"
    strip(axes, (_HEAD, y), ("0", words))


def _told(spec: Spec, value: float) -> str:
    return percent(value) if spec.header["unit"] == "1" else quantity(value)
