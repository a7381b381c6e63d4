"""The parts of a model as a figure: the stack with areas to scale, and the tally beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..view.spec import Spec
from .drawing import DIM, canvas, short, write
from .hues import HUES
from .parts import TALLY, tally_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["anatomy_figure"]

#: Inches: where the stack begins, how wide and at most how tall it is.
_LEFT, _WIDE, _SHORT, _TALL = 1.0, 3.4, 2.6, 6.4
_BLOCK, _LEAST_BLOCK, _OUTSIDE, _GAP = 0.12, 0.03, 0.14, 0.008
_LABEL = 0.11
#: Where the columns of the tally end, but the first, which begins; its rows.
_COLUMNS, _ROW = (4.95, 7.35, 7.95, 9.3, 10.0), 0.2
_KINDS = {
    "embedding": 2, "unembedding": 2, "encoder": 4, "attention": 0, "cross-attention": 5, "mlp": 1,
    "norms": 3, "final norm": 3,
}  # fmt: skip
_OTHER = 6
_STRENGTH, _PALE = 0.45, 0.2


def anatomy_figure(spec: Spec) -> Figure:
    """A token's way goes up; a row too low to be seen is higher and narrower, its area kept."""
    heights = _heights(spec.header)
    tallest = sum(height + _GAP for height, _ in heights)
    words = tally_rows(spec)
    figure, axes = canvas(spec, _COLUMNS[-1], max(tallest, _ROW * (len(words) + 2)))
    y, named = tallest, -1.0
    for row, (height, across) in zip(spec.header["stack"], heights, strict=True):
        y -= height + _GAP
        _cells(axes, spec.header, row, (y, height, across))
        label = f"block {row['block']}"
        if row["block"] is None:
            label = spec.header["parts"][row["cells"][0]]["label"]
        if row["block"] is None or named < 0 or named - y > _LABEL:
            write(
                axes, _LEFT - 0.07, y + min(height, 0.4) / 2, short(label, 18), ha="right", size=6
            )
            named = y if row["block"] is not None else named
    _tally(axes, spec.header, words)
    return figure


def _heights(header: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Height and width of each row, in inches."""
    total = max(header["total"], 1)
    counts = [_count(header, row) for row in header["stack"]]
    blocks = [
        count for row, count in zip(header["stack"], counts, strict=True)
        if row["block"] is not None and count
    ]  # fmt: skip
    wanted = _BLOCK * total / min(blocks) if blocks else 0.0
    tall = min(_TALL, max(_SHORT, wanted))
    sizes = []
    for row, count in zip(header["stack"], counts, strict=True):
        least = _OUTSIDE if row["block"] is None else _LEAST_BLOCK
        scaled = tall * count / total
        sizes.append((max(scaled, least), _WIDE * min(1.0, scaled / least)))
    return sizes


def _count(header: Mapping[str, Any], row: Mapping[str, Any]) -> int:
    return sum(_own(header["parts"][cell]) for cell in row["cells"])


def _own(part: Mapping[str, Any]) -> int:
    """What one of the folded parts counts; 0 where it is counted elsewhere."""
    return int(part["each"]) if part["count"] else 0


def _cells(
    axes: Axes,
    header: Mapping[str, Any],
    row: Mapping[str, Any],
    box: tuple[float, float, float],
) -> None:
    """The parts of a row beside each other; one that is counted elsewhere is dashed."""
    y, height, across = box
    parts = [header["parts"][cell] for cell in row["cells"]]
    count, x = sum(map(_own, parts)), _LEFT
    for part in parts:
        colour = HUES[_KINDS.get(part["kind"], _OTHER)]
        if not count:
            wide = _WIDE / len(parts)
            _ghost(axes, part["twins"], colour, (x, y, wide, height))
            x += wide
            continue
        wide = across * _own(part) / count
        axes.bar(
            x + wide / 2, height, max(wide, 0.01), bottom=y, color=colour,
            alpha=_STRENGTH if wide > 0.03 else 1.0, linewidth=0,
        )  # fmt: skip
        x += wide


def _ghost(
    axes: Axes, twins: Sequence[str], colour: str, box: tuple[float, float, float, float]
) -> None:
    """What is counted elsewhere: a dashed box that says where, or a pale one too low for words.

    box  left, top, width, height
    """
    x, y, wide, height = box
    if height < _LABEL:
        axes.bar(x + wide / 2, height, wide, bottom=y, color=colour, alpha=_PALE, linewidth=0)
        return
    axes.bar(
        x + wide / 2, height, wide, bottom=y, fill=False, edgecolor=colour, linestyle="--",
        linewidth=0.7,
    )  # fmt: skip
    write(axes, x + 0.06, y + height / 2, f"one with {twins[0]}", size=5.5)


def _tally(axes: Axes, header: Mapping[str, Any], words: Sequence[Sequence[str]]) -> None:
    """The table, each kind behind its colour."""
    for line, cells in enumerate((TALLY, *words)):
        style = {"color": DIM} if line == 0 else {}
        if line == len(words):
            style["weight"] = "bold"
        for column, (cell, x) in enumerate(zip(cells, _COLUMNS, strict=True)):
            write(axes, x, _ROW * (line + 0.5), cell, ha="right" if column else "left", **style)
    labels = [cells[0] for cells in words]
    for row in header["tally"]:
        y = _ROW * (labels.index(row["label"]) + 1.5)
        colour = HUES[_KINDS.get(row["kind"], _OTHER)]
        axes.bar(_COLUMNS[0] - 0.12, 0.1, 0.1, bottom=y - 0.05, color=colour, alpha=_STRENGTH)
