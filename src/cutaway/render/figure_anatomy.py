"""The parts of a model as a figure: a row per part, its share of the parameters as a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .parts import rows
from .ramp import RAMPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["anatomy_figure"]

_ROW = 0.24
_PATH, _COUNT, _BAR = 2.0, 5.2, 5.35  # where the columns begin; counts end at theirs
_LONGEST_BAR = 3.2
_ROOM = 34
_FILL = RAMPS["teal"]["light"][2]


def anatomy_figure(spec: Spec) -> Figure:
    """Equal blocks in one row, as in the table; a full bar is the whole model."""
    parts, total = spec.header["parts"], max(spec.header["total"], 1)
    figure, axes = canvas(spec, _BAR + _LONGEST_BAR + 0.6, _ROW * len(parts))
    for line, (name, path, count, _) in enumerate(rows(spec)):
        y, share = _ROW * (line + 0.5), parts[line]["count"] / total
        write(axes, 0, y, name)
        write(axes, _PATH, y, short(path, _ROOM), size=6.5, color=DIM)
        write(axes, _COUNT, y, count, ha="right")
        axes.barh(y, _LONGEST_BAR * share, _ROW * 0.7, left=_BAR, color=_FILL)
        write(axes, _BAR + _LONGEST_BAR * share + 0.06, y, percent(share), size=6, color=DIM)
    return figure
