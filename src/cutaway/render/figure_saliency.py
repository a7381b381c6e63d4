"""A saliency as a figure: a row of shares for each target, a column for each source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InvalidError
from ..core.numbers import percent
from ..view.spec import Spec
from .cells import strip, token_ends
from .drawing import DIM, canvas, write
from .ramp import colours, ink
from .shares import joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["saliency_figure"]

_ROW, _HEAD, _TOP, _LEGEND = 0.22, 0.95, 0.62, 0.45
#: Width of a column in inches, with percentages in its cells and without.
_COLUMN, _NARROW = 0.5, 0.11
_MOST_WITH_NUMBERS = 40
_MOST = 4096


def saliency_figure(spec: Spec) -> Figure:
    """Cells hold the share in percent where there is room; the colour runs to the largest.

    Of an encoder-decoder the columns are the source's tokens, then the target's own.
    """
    shares = joined(spec)[1]
    n_targets, count = shares.shape
    if max(n_targets, count) > _MOST:
        raise InvalidError(
            "positions", count, allowed=f"at most {_MOST} in one figure",
            fix="give targets=, or save a page (.html)",
        )  # fmt: skip
    told = count <= _MOST_WITH_NUMBERS
    column = _COLUMN if told else _NARROW
    height = _TOP + n_targets * _ROW + _LEGEND
    figure, axes = canvas(spec, _HEAD + count * column, height)
    largest = max(float(np.nanmax(shares, initial=0.0)), 1e-9)
    _cells(axes, spec, column, largest)
    if told:
        _numbers(axes, spec, column, largest)
    _ends(axes, spec, column)
    _legend(axes, largest, height - 0.15)
    return figure


def _cells(axes: Axes, spec: Spec, column: float, largest: float) -> None:
    shares = joined(spec)[1]
    x = _HEAD + column * np.arange(shares.shape[1] + 1)
    y = _TOP + _ROW * np.arange(shares.shape[0] + 1)
    filled = colours("clay", shares / largest)
    axes.pcolormesh(x, y, filled / 255.0, edgecolors="white", linewidth=0.5 if column > 0.2 else 0)
    if spec.header["source"] is not None:
        border = _HEAD + column * len(spec.header["source"]["inputs"])
        axes.plot([border, border], [_TOP, y[-1]], color=DIM, linewidth=1.2)


def _numbers(axes: Axes, spec: Spec, column: float, largest: float) -> None:
    shares = joined(spec)[1]
    for r, c in np.argwhere(~np.isnan(shares)).tolist():
        backgrounds = colours("clay", shares[r, c : c + 1] / largest)
        write(
            axes, _HEAD + column * (c + 0.5), _TOP + _ROW * (r + 0.5),
            percent(float(shares[r, c])).removesuffix(" %"), ha="center", size=6,
            color=ink(backgrounds[0]),
        )  # fmt: skip


def _ends(axes: Axes, spec: Spec, column: float) -> None:
    """The tokens read above; the tokens explained, at the left."""
    rows = zip(spec.header["targets"], spec.header["explained"], strict=True)
    token_ends(axes, joined(spec)[0], rows, (_HEAD, _TOP), (column, _ROW))


def _legend(axes: Axes, largest: float, y: float) -> None:
    words = f"{percent(largest)}   share, in percent: rows are the tokens said, columns those read"
    strip(axes, (_HEAD, y), ("0 %", words))
