"""How runs are shown to people: as a table in the terminal, in a notebook, and one by itself."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...core.numbers import byte_size
from ...core.tokens import display_text
from .run import Run

__all__ = ["facts", "html", "line", "listed"]

_HEADINGS = ("id", "created (UTC)", "name", "tags", "tokens", "model", "text")
#: What is cut in a narrow terminal, and to how many columns in a wide one.
_MOST = {"name": 24, "tags": 20, "model": 24, "text": 200}
#: What is left of a cell at least; where that does not fit, the table is given up.
_LEAST = 4
#: Digits of an id that are shown; more where two of the list begin alike.
_SHOWN = 8
#: Plain output is not wrapped: rich needs a number, and no line is this long.
_ENDLESS = 10_000_000


def listed(runs: Sequence[Run], width: int | None = None, *, colour: bool = False) -> str:
    """The runs as a table, a line each; width in columns, None: as wide as it needs, nothing cut.

    Where not even cells of four columns fit, a run has a line for each thing known of it.
    Names, tags and texts are anybody's: what would control a terminal is shown by its number.
    """
    rows = _rows(runs)
    widths = _widths(rows, width, edges=2 if colour else 0)
    if widths is None:
        return _captured(Group(*_stacked(rows)), width, colour)
    return _captured(_table(rows, widths, colour), width, colour)


def html(runs: Sequence[Run], more: int) -> str:
    """The same as HTML that needs no script, every string escaped."""
    from ...render.static import safe  # with all that draws: the terminal's list needs none of it

    head = "".join(f"<th>{safe(heading)}</th>" for heading in _HEADINGS)
    body = "".join(
        "<tr>" + "".join(f"<td>{safe(_clipped(cell))}</td>" for cell in row) + "</tr>"
        for row in _rows(runs)
    )
    rest = f"<caption>and {more:,} more</caption>" if more else ""
    return (
        '<table style="font-variant-numeric:tabular-nums">'
        f"{rest}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def facts(run: Run) -> list[tuple[str, str]]:
    """What is known of one run: name and words."""
    return [
        ("id", run.id),
        ("name", line(run.name) or "–"),
        ("tags", ", ".join(map(line, run.tags)) or "–"),
        ("created", f"{run.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("model", line(run.model)),
        ("tokens", _tokens(run)),
        ("kept", ", ".join(run.kept) or "nothing"),
        ("size", byte_size(run.bytes)),
        ("text", line(run.text)),
    ]


def line(text: str) -> str:
    """A text on one line, with its spaces: controls and what turns the direction by their numbers.

    >>> line("a b\\n\\x1b[2J")
    'a b↵‹1B›[2J'
    """
    # Word by word, for display_text would mark the spaces, and an empty text has a sign.
    return " ".join(word and display_text(word) for word in text.split(" "))


def _rows(runs: Iterable[Run]) -> list[tuple[str, ...]]:
    runs = list(runs)
    shown = _SHOWN
    while len({run.id[:shown] for run in runs}) < len({run.id for run in runs}):
        shown += 1
    return [
        (
            run.id[:shown], f"{run.created:%Y-%m-%d %H:%M}", line(run.name),
            ", ".join(map(line, run.tags)), _tokens(run), line(run.model), line(run.text),
        )
        for run in runs
    ]  # fmt: skip


def _tokens(run: Run) -> str:
    read = run.n_tokens - run.produced
    return f"{read:,} read" + (f", {run.produced:,} said" if run.produced else "")


def _clipped(cell: str, most: int = 60) -> str:
    return cell if len(cell) <= most else f"{cell[: most - 1]}…"


def _widths(rows: list[tuple[str, ...]], width: int | None, edges: int) -> list[int] | None:
    """Columns of each heading; the widest that may be cut are, till all fit. None: they can't."""
    widths = [max(map(cell_len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    if width is None:
        return widths
    cut = [n for n, heading in enumerate(_HEADINGS) if heading in _MOST]
    for n in cut:
        widths[n] = min(widths[n], _MOST[_HEADINGS[n]])
    gap = 3 if edges else 2
    over = edges + gap * (len(widths) - 1) + sum(widths) - width
    for _ in range(over):
        widest = max(cut, key=widths.__getitem__)
        widths[widest] -= 1
    return widths if min(widths) >= _LEAST else None


def _table(rows: list[tuple[str, ...]], widths: list[int], colour: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD if colour else None, pad_edge=False, header_style="dim")
    for heading, width in zip(_HEADINGS, widths, strict=True):
        table.add_column(heading, no_wrap=True, overflow="ellipsis", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _stacked(rows: list[tuple[str, ...]]) -> Iterator[Text]:
    """Each run as its id and time, then a line for each of the rest that it has."""
    for number, time, *rest in rows:
        yield Text(f"{number}  {time}", style="bold", no_wrap=True, overflow="ellipsis")
        for heading, cell in zip(_HEADINGS[2:], rest, strict=True):
            if cell:
                named = Text(f"  {heading:<6}  ", style="dim", no_wrap=True, overflow="ellipsis")
                yield named.append(cell, style="not dim")


def _captured(shown: RenderableType, width: int | None, colour: bool) -> str:
    console = Console(
        file=io.StringIO(), width=width or _ENDLESS, force_terminal=colour,
        no_color=None if colour else True, color_system="auto" if colour else None,
        highlight=False, legacy_windows=False, force_jupyter=False,
    )  # fmt: skip
    with console.capture() as capture:
        console.print(shown)
    lines = [one.rstrip() for one in capture.get().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"
