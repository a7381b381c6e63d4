"""The explorer as a figure: the candidates of the text that is looked at, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.numbers import percent
from ..view.spec import Spec
from .drawing import DIM, canvas, drawable, short, write
from .ramp import RAMPS
from .table_explore import drawn_words, filters, so_far

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["explore_figure"]

_ROW, _HEAD, _BAR, _LONGEST, _WORDS = 0.26, 1.5, 3.6, 18, 90
_PLAIN, _DRAWN = RAMPS["clay"]["light"][2], RAMPS["teal"]["light"][4]


def explore_figure(spec: Spec) -> Figure:
    """A full bar is a probability of 1; a thin teal bar under it is the filtered one."""
    words, k = spec.header["vocabulary"], spec.header["k"]
    index = spec.arrays["candidate_index"][spec.header["at"], :k].tolist()
    figure, axes = canvas(spec, _HEAD + _BAR + 1.6, _ROW * (len(index) + 2))
    read = spec.header["source"]
    text = ("" if read is None else f"{''.join(read)} → ") + "".join(so_far(spec))
    text = drawable(text)
    shown = text if len(text) <= _WORDS else "…" + text[1 - _WORDS :]
    write(axes, 0, _ROW / 2, shown, size=8)
    how = filters(spec)
    for rank, entry in enumerate(index):
        y = _ROW * (rank + 1.6)
        share, drawn = (float(spec.arrays[of][rank]) for of in ("probability", "drawn"))
        write(axes, _HEAD - 0.1, y, short(drawable(words[entry]), _LONGEST), size=8, ha="right")
        axes.barh(y, _BAR * share, _ROW * 0.7, left=_HEAD, color=_PLAIN)
        numbers = percent(share)
        if how:
            axes.barh(y + _ROW * 0.27, _BAR * drawn, _ROW * 0.16, left=_HEAD, color=_DRAWN)
            numbers += f" · drawn {drawn_words(drawn)}"
        write(axes, _HEAD + _BAR + 0.1, y, numbers, size=7)
    if how:
        foot = f"thin bar: with {how}"
        write(axes, _HEAD, _ROW * (len(index) + 1.6), foot, size=6.5, color=DIM)
    return figure
