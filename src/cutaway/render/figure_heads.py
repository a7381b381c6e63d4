"""The heads of one layer as a figure: two columns of tokens, a line for each weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError, MissingError
from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .hues import HUES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["heads_figure"]

_MOST = 96
_ROW, _TOP, _FOOT = 0.17, 0.35, 0.35
_COLUMN, _LINES, _LONGEST = 1.2, 3.2, 16
#: Inches that the number of a head takes, and a line of numbers; so many stand in one.
_NUMBER, _NUMBERS, _ABREAST = 0.22, 0.15, 20
#: The inches over which the lines of one token's heads are spread.
_SPREAD = 0.13
#: The share of each row's mass that is drawn.
_MASS = 0.8

Floats = NDArray[Any]


def heads_figure(spec: Spec) -> Figure:
    """The layer of the leading head: left looks, right is looked at, a hue for each head.

    A line's width grows with the weight, its opacity with the square root; of each row the
    largest weights are drawn, up to 80 % of its mass. Raises InvalidError for a long text and
    MissingError where the picture holds no head of that layer.
    """
    inputs = spec.header["inputs"]
    looked = (spec.header["keys"] or spec.header)["inputs"]
    longest = max(len(inputs), len(looked))
    if longest > _MOST:
        raise InvalidError(
            "length of the text", longest, allowed=f"at most {_MOST} tokens as lines",
            fix="save a page (.html), or a figure with opens='model'",
        )  # fmt: skip
    layer, held = _opening(spec)
    top = _TOP + _NUMBERS * ((len(held) - 1) // _ABREAST)
    height = top + _ROW * longest + _FOOT
    figure, axes = canvas(spec, 2 * _COLUMN + _LINES, height)
    _legend(axes, spec, layer, held)
    for labels, x, align in (
        (inputs, _COLUMN - 0.08, "right"),
        (looked, _COLUMN + _LINES + 0.08, "left"),
    ):
        for i, label in enumerate(labels):
            write(axes, x, top + _ROW * (i + 0.5), short(label, _LONGEST), ha=align)
    drawn = []
    for n, head in enumerate(held):
        aside = _SPREAD * ((n + 0.5) / len(held) - 0.5)  # a lane for each head
        drawn.append(_lines(axes, _weights(spec, layer, head), _hue(head), top + aside))
    words = f"{percent(float(np.mean(drawn)))} of mass drawn, the largest weights of each token."
    write(axes, 0, height - 0.2, f"Left looks, right is looked at. {words}", size=6.5, color=DIM)
    how = "Width grows with the weight, opacity with its square root; heads lie in their order."
    write(axes, 0, height - 0.06, how, size=6.5, color=DIM)
    return figure


def _opening(spec: Spec) -> tuple[int, list[int]]:
    """The row of the layer whose head leads in the opening figure, and those that it holds."""
    names = [entry["name"] for entry in spec.header["figures"]]
    scores = spec.arrays["figures"][names.index(spec.header["opens_with"])]
    best = int(np.nan_to_num(scores, nan=-np.inf).argmax())
    layer = best // len(spec.header["heads"])
    held = np.flatnonzero(spec.arrays["place"][layer] >= 0).tolist()
    if not held:
        raise MissingError(
            "the weights of this layer", because="the picture holds none of its heads",
            fix="give layers=, with carry='weights'",
        )  # fmt: skip
    return layer, held


def _legend(axes: Axes, spec: Spec, layer: int, held: list[int]) -> None:
    """The layer, and the number of each head in its hue."""
    header = spec.header
    one = header["aggregate"]
    write(axes, 0, 0.12, f"Layer {header['layers'][layer]}" + (f", {one}" if one else ", heads"))
    for n, head in enumerate([] if one else held):
        number = str(header["heads"][head])
        line, place = divmod(n, _ABREAST)
        x, y = _COLUMN - 0.1 + _NUMBER * place, 0.12 + _NUMBERS * line
        write(axes, x, y, number, color=_hue(head), weight="bold")


def _weights(spec: Spec, layer: int, head: int) -> Floats:
    """(T, T) the weights of a head as the picture holds them; (T, S) on another text."""
    keys = spec.header["keys"] or spec.header
    shape = len(spec.header["inputs"]), len(keys["inputs"])
    seen = np.tri(*shape, dtype=bool) if spec.header["causal"] else np.ones(shape, dtype=bool)
    found = np.zeros(shape)
    found[seen] = (spec.arrays["weights"][spec.arrays["place"][layer, head]] / 255.0) ** 2
    return found


def _lines(axes: Axes, weights: Floats, hue: str, top: float) -> float:
    """Draws one head from so far below the top; returns the share of mass drawn."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb

    order = np.argsort(-weights, axis=1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=1)
    before = ranked.cumsum(axis=1) - ranked
    enough = (before < _MASS * ranked.sum(axis=1, keepdims=True) - 1e-9) & (ranked > 0)
    query, place = np.nonzero(enough)
    kept = ranked[query, place]
    ends = top + _ROW * (np.stack([query, order[query, place]], axis=1) + 0.5)
    sides = np.broadcast_to([_COLUMN, _COLUMN + _LINES], ends.shape)
    colour = np.column_stack([np.tile(to_rgb(hue), (len(kept), 1)), np.sqrt(kept)])
    axes.add_collection(
        LineCollection(
            list(np.stack([sides, ends], axis=-1)), linewidths=0.4 + 1.6 * kept, colors=colour
        )
    )
    return float(kept.sum() / max(weights.sum(), 1e-12))


def _hue(head: int) -> str:
    return HUES[head % len(HUES)]
