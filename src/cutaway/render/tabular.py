"""A table of strings, and how it is printed in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

__all__ = ["Table", "printed"]

_GAP = "  "
_WIDEST = 40


@dataclass(frozen=True)
class Table:
    """Columns and rows as they are printed; the first column heads its rows.

    caption  what is shown, and what is left out of a long picture
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def printed(table: Table, width: int | None) -> Iterator[Text]:
    """The lines of a table; where it is too wide, its columns go on in further tables.

    width  columns of the terminal; None: as wide as it needs, and nothing is cut
    """
    needs = [max(map(cell_len, column)) for column in zip(table.columns, *table.rows, strict=True)]
    if width is not None:
        needs = [min(need, _WIDEST, width) for need in needs]
    yield Text(table.caption, style="dim")
    for part in _parts(needs, width):
        yield Text(_line(table.columns, needs, part), style="dim")
        for row in table.rows:
            yield Text(_line(row, needs, part))
        yield Text()


def _parts(needs: Sequence[int], width: int | None) -> Iterator[list[int]]:
    """Which columns go into each table: the first, and as many others as fit."""
    part, used = [0], needs[0]
    for column in range(1, len(needs)):
        need = len(_GAP) + needs[column]
        if width is not None and len(part) > 1 and used + need > width:
            yield part
            part, used = [0], needs[0]
        part.append(column)
        used += need
    yield part


def _line(cells: Sequence[str], needs: Sequence[int], part: Sequence[int]) -> str:
    return _GAP.join(_sized(cells[column], needs[column]) for column in part).rstrip()


def _sized(cell: str, width: int) -> str:
    if cell_len(cell) <= width:
        return set_cell_size(cell, width)
    return set_cell_size(set_cell_size(cell, width - 1).rstrip(" ") + "…", width)
