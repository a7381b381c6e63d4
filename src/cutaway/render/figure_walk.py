"""The x-ray of a walk as a figure: how much every block changed every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InvalidError
from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .ramp import colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["walk_figure"]

_LEFT, _ROW, _FOOT = 0.5, 0.16, 0.85
_WIDE, _NARROW, _FEW, _MOST = 0.42, 0.1, 40, 2048
#: Smaller changes have the palest colour; the scale is logarithmic.
_LEAST = 0.01


def walk_figure(spec: Spec) -> Figure:
    """Blocks upwards, tokens across; the crossing that is walked through is ringed."""
    change, header = spec.arrays["change"], spec.header
    blocks, count = change.shape
    if count > _MOST:
        raise InvalidError(
            "positions", count, allowed=f"at most {_MOST} in one figure", fix="save a page (.html)"
        )
    column = _WIDE if count <= _FEW else _NARROW
    figure, axes = canvas(spec, _LEFT + column * count, _ROW * blocks + _FOOT)
    most = max(float(change.max()), 2 * _LEAST)
    share = np.log(np.maximum(change[::-1], _LEAST) / _LEAST) / np.log(most / _LEAST)
    across, down = _LEFT + column * np.arange(count + 1), _ROW * np.arange(blocks + 1)
    axes.pcolormesh(across, down, colours("teal", share) / 255.0)
    top = blocks - 1 - header["layer"]
    left = _LEFT + column * header["at"]
    axes.plot(
        [left, left + column, left + column, left, left],
        [_ROW * top, _ROW * top, _ROW * (top + 1), _ROW * (top + 1), _ROW * top],
        color="black", linewidth=1.0,
    )  # fmt: skip
    for layer in range(blocks):
        name = str(layer)
        y = _ROW * (blocks - 1 - layer + 0.5)
        write(axes, _LEFT - 0.06, y, name, size=5.5, ha="right", color=DIM)
    for at in range(0, count, 1 if column == _WIDE else 2):
        label = short(header["inputs"][at], 12)
        x = _LEFT + column * (at + 0.5)
        write(axes, x, _ROW * blocks + 0.05, label, size=6, rotation=90, va="top", ha="center")
    return figure
