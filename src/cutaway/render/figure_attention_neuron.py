"""One head at one query as a figure: keys down; key, product, weight and weighted value across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .attention_steps import Step, keys_seen, output, steps
from .drawing import DIM, canvas, drawable, short, write
from .ramp import RAMPS, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["attention_neuron_figure"]

_ROW, _LEFT, _TOP, _FOOT, _GAP = 0.2, 1.15, 0.52, 0.65, 0.15
_BLOCK, _NUMBERS = 2.5, 1.35
_MOST_KEYS = 24

Numbers = NDArray[Any]


def attention_neuron_figure(spec: Spec) -> Figure:
    """The keys with the most weight; the query above them, the output below."""
    arrays, rows = spec.arrays, steps(spec, _MOST_KEYS)
    keys = [step.key for step in rows if step.key >= 0]
    width = _LEFT + 3 * _BLOCK + _NUMBERS + 3 * _GAP
    height = _TOP + _ROW * len(rows) + _FOOT
    figure, axes = canvas(spec, width, height)
    query = arrays["query"][spec.header["at"]]
    product = np.array([step.product for step in rows if step.key >= 0])
    weighted = arrays["weight"][keys, None] * arrays["value"][keys]
    starts = _LEFT, _LEFT + _BLOCK + _GAP, _LEFT + 2 * (_BLOCK + _GAP) + _NUMBERS
    for x, name, whole in zip(
        starts, ("key", "query × key", "weight × value"), (arrays["key"][keys], product, weighted),
        strict=True,
    ):  # fmt: skip
        write(axes, x, 0.1, f"{name}, ends ±{quantity(_end(whole))}", size=6.5, color=DIM)
        _cells(axes, x, _TOP, whole, _end(whole))
    for x in starts[:2]:
        _cells(axes, x, _TOP - 0.3, query[None], _end(query))
    write(axes, _LEFT - 0.07, _TOP - 0.2, f"query, ±{quantity(_end(query))}", size=6.5, ha="right")
    _scores(axes, rows, starts[1] + _BLOCK + _GAP)
    _output(axes, spec, starts[2], _TOP + _ROW * len(rows) + 0.1)
    words = "Clay is positive, teal negative, shaded by the square root up to the block's ends."
    left = max(0, keys_seen(spec) - _MOST_KEYS)
    words += f" {left:,} keys with less weight are left out." if left else ""
    write(axes, 0, height - 0.1, words, size=6.5, color=DIM)
    return figure


def _end(values: Numbers) -> float:
    """The value at which the colours are strongest."""
    return float(np.abs(values).max(initial=0)) or 1.0


def _cells(axes: Axes, x: float, y: float, values: Numbers, end: float) -> None:
    """(rows, entries) as cells with their upper left corner at a place."""
    shares = np.sqrt(np.abs(values) / end)
    painted = np.where(
        (values < 0)[..., None], colours("teal", shares), colours("clay", shares)
    ).astype(np.uint8)
    rows, entries = values.shape
    left = x + _BLOCK / entries * np.arange(entries + 1)
    top = y + _ROW * np.arange(rows + 1)
    axes.pcolormesh(left, top, painted / 255.0, linewidth=0)


def _scores(axes: Axes, rows: list[Step], x: float) -> None:
    """Each key's token, score and weight, the weight as a bar too."""
    write(axes, x + 0.36, 0.1, "score", size=6.5, color=DIM, ha="right")
    write(axes, x + 0.46, 0.1, "weight", size=6.5, color=DIM)
    for line, step in enumerate(rows):
        y = _TOP + _ROW * (line + 0.5)
        label = f"{short(drawable(step.label), 11)} {step.key if step.key >= 0 else ''}".rstrip()
        write(axes, _LEFT - 0.07, y, label, size=6.5, ha="right")
        write(axes, x + 0.36, y, quantity(step.score), size=6.5, ha="right")
        axes.barh(y, 0.75 * step.weight, _ROW * 0.8, left=x + 0.44, color=RAMPS["clay"]["light"][2])
        write(axes, x + 0.46, y, percent(step.weight), size=6.5)


def _output(axes: Axes, spec: Spec, x: float, y: float) -> None:
    written = output(spec)
    _cells(axes, x, y, written[None], _end(written))
    words = f"output, ±{quantity(_end(written))}"
    write(axes, x - 0.07, y + _ROW / 2, words, size=6.5, ha="right")
