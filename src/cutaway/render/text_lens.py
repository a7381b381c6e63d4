"""The logit lens in the terminal: layers down, final on top; tokens across, in as many tables
as the width needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from ..core.numbers import percent
from ..view.spec import Spec
from .grid import Grid, Row, grid
from .ramp import colours, hexadecimal, ink

__all__ = ["fitted", "lens_text"]

_GAP = 2
#: The widest a token is drawn where the width is given.
_WIDEST = 14
#: Below this share a cell keeps the terminal's own background.
_FAINT = 0.1


def lens_text(spec: Spec, width: int | None) -> Iterator[Text]:
    """The lines of every table, and what its numbers are."""
    whole = grid(spec)
    heads = max(cell_len(name) for name in ("position", *(row.name for row in whole.rows)))
    room = None if width is None else width - heads
    widths = _column_widths(whole, room)
    for start, stop in _tables(widths, room):
        yield from _lines(whole.columns(start, stop), heads, widths[start:stop])
        yield Text()
    yield Text(f"Numbers: {_unit(whole)}. Final layer on top.", style="dim")
    if whole.checked:
        yield Text(f"{whole.mark}.", style="dim")


def fitted(label: str, width: int) -> str:
    """A label in exactly that many terminal columns; one that is too long ends in …

    >>> fitted("·Paris", 8), fitted("·Copenhagen", 8), fitted("中文中文", 6)
    ('·Paris  ', '·Copenh…', '中文… ')
    """
    if cell_len(label) <= width:
        return set_cell_size(label, width)
    return set_cell_size(set_cell_size(label, width - 1).rstrip(" ") + "…", width)


def _unit(whole: Grid) -> str:
    percentages = whole.quantity["name"] == "probability"
    return f"{whole.quantity['words']}{' in %' if percentages else ''}"


def _numbers(row: Row, whole: Grid) -> list[str]:
    """As short as they can be: the unit is said once, below the tables."""
    if whole.quantity["name"] == "probability":
        return [percent(p).removesuffix(" %").replace(" ", "") for p in row.values.tolist()]
    return list(row.numbers)


def _column_widths(whole: Grid, room: int | None) -> list[int]:
    """What each column needs; where the room is given, long tokens are held to _WIDEST."""
    labels = _widest(*(row.labels for row in whole.rows))
    numbers = _widest(*(_numbers(row, whole) for row in whole.rows))
    ends = _widest(whole.reads, whole.comes, _position_heads(whole))
    columns = zip(labels, numbers, ends, strict=True)
    if room is None:
        return [max(label + 1 + number, end) for label, number, end in columns]
    return [
        min(max(label + 1 + number, end), _WIDEST + 1 + number, room - _GAP)
        for label, number, end in columns
    ]


def _widest(*rows: Sequence[str]) -> list[int]:
    """Of every column, the terminal columns that its widest entry takes."""
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _position_heads(whole: Grid) -> list[str]:
    return [
        f"{i} out" if made else str(i)
        for i, made in zip(whole.positions, whole.produced, strict=True)
    ]


def _tables(widths: list[int], room: int | None) -> Iterator[tuple[int, int]]:
    """Runs of columns that fit into the room beside the row heads; at least one column each."""
    start = used = 0
    for column, width in enumerate(widths):
        if room is not None and column > start and used + _GAP + width > room:
            yield start, column
            start, used = column, 0
        used += _GAP + width
    yield start, len(widths)


def _lines(part: Grid, heads: int, widths: list[int]) -> Iterator[Text]:
    """One table: the tokens that came, the layers, the tokens that were read."""
    yield _ends("came", part.comes, heads, widths, "yellow")
    for row in part.rows:
        line = Text.assemble((row.name.rjust(heads), "dim"))
        cells = zip(row.labels, _numbers(row, part), row.shares.tolist(), widths, strict=True)
        for label, number, share, width in cells:
            body = fitted(label, width - 1 - cell_len(number)) + " " + number
            line.append(" " * _GAP).append(body, style=_style(part.quantity["ramp"], share))
        yield line
    yield _ends("read", part.reads, heads, widths, "bold yellow")
    yield _ends("position", _position_heads(part), heads, widths, "dim")


def _ends(name: str, labels: Sequence[str], heads: int, widths: list[int], style: str) -> Text:
    line = Text.assemble((name.rjust(heads), "dim"))
    for label, width in zip(labels, widths, strict=True):
        line.append(" " * _GAP).append(fitted(label, width), style=style)
    return line


def _style(ramp: str, share: float) -> Style:
    """Dark palette: strong cells glow on a dark terminal, and read well on a light one."""
    return Style() if np.isnan(share) or share < _FAINT else _glow(ramp, round(share, 2))


@cache
def _glow(ramp: str, share: float) -> Style:
    background = colours(ramp, np.array(share), "dark")
    return Style(color=ink(background), bgcolor=hexadecimal(background)[0])
