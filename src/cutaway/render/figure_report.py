"""A report as a figure: its opening account, and the likeliest next tokens there as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, drawable, short, write
from .ramp import RAMPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report_figure"]

_ROW = 0.24
_BAR = 5.0
_LONGEST = 24
_FILL = RAMPS["clay"]["light"][2]


def report_figure(spec: Spec) -> Figure:
    """The likeliest token on top; a full bar is a probability of 1."""
    at, words = spec.header["opens_at"], spec.header["vocabulary"]
    index = spec.arrays["top_index"][at].tolist()
    shares = spec.arrays["probability"][at].tolist()
    figure, axes = canvas(spec, _BAR + 1, _ROW * (len(index) + 1))
    read = short(drawable(spec.header["inputs"][at]), _LONGEST)
    write(axes, 0, _ROW / 2, f"the likeliest tokens after {read}", size=6.5, color=DIM)
    for line, (entry, share) in enumerate(zip(index, shares, strict=True)):
        y = _ROW * (line + 1.5)
        axes.barh(y, _BAR * share, _ROW * 0.84, left=0, color=_FILL)
        write(axes, 0.04, y, short(drawable(words[entry]), _LONGEST))
        write(axes, _BAR + 0.1, y, percent(share), size=6.5)
    return figure
