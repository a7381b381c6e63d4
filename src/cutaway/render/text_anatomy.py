"""The parts of a model in the terminal: the tally, a row per part, what is proven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from ..view.spec import Spec
from .parts import COLUMNS, TALLY, known, rows, tally_rows

__all__ = ["anatomy_text"]

_GAP = "  "
_COUNT = COLUMNS.index("parameters")


def anatomy_text(spec: Spec, width: int | None) -> Iterator[Text]:
    """The tally, the table of parts, then a line per capability.

    A terminal too narrow for the shapes goes without them; a path is never cut.
    """
    yield from _tally(spec)
    yield Text()
    table = [COLUMNS, *rows(spec)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    if width is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widths = widths[: _COUNT + 1]
    yield Text(_line(table[0], widths), style="dim")
    for row in table[1:]:
        yield Text(_line(row, widths))
    yield Text(_line(("all", "", f"{spec.header['total']:,}", ""), widths), style="bold")
    yield Text()
    found = known(spec)
    longest = max((cell_len(name) for name, _, _ in found), default=0)
    for name, proven, words in found:
        yield Text.assemble(
            (name.ljust(longest), "bold"), _GAP, (words, "" if proven else "yellow")
        )
    yield Text()


def _tally(spec: Spec) -> Iterator[Text]:
    """What each kind of part counts, in one block and in all."""
    table = [TALLY, *tally_rows(spec)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for place, cells in enumerate(table):
        padded = [
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        style = "dim" if place == 0 else "bold" if place == len(table) - 1 else ""
        yield Text(_GAP.join(padded).rstrip(), style=style)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells beside each other, as many as there are widths; counts stand right."""
    shown = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=False)):
        space = " " * (width - cell_len(cell))
        shown.append(space + cell if place == _COUNT else cell + space)
    return _GAP.join(shown).rstrip()
