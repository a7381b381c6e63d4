"""How runs are shown to people: as a table in the terminal, in a notebook, and one by itself."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...core.numbers import byte_size
from ...core.tokens import display_text
from .run import Run

__all__ = ["facts", "html", "line", "listed"]

_HEADINGS = ("id", "created (UTC)", "name", "tags", "tokens", "model", "text")
#: What is cut in a narrow terminal, and to how many columns in a wide one.
_MOST = {"name": 24, "tags": 20, "model": 24, "text": 200}
#: Digits of an id that are shown; more where two of the list begin alike.
_SHOWN = 8
#: Plain output is not wrapped: rich needs a number, and no line is this long.
_ENDLESS = 10_000_000


def listed(runs: Sequence[Run], width: int | None = None, *, colour: bool = False) -> str:
    """The runs as a table, a line each; width in columns, None: as wide as it needs, nothing cut.

    Names, tags and texts are anybody's: what would control a terminal is shown by its number.
    """
    table = Table(box=box.SIMPLE_HEAD if colour else None, pad_edge=False, header_style="dim")
    rows = _rows(runs)
    for n, heading in enumerate(_HEADINGS):
        most = _MOST.get(heading)
        firm = max(map(cell_len, (heading, *(row[n] for row in rows))))
        table.add_column(
            heading, no_wrap=True, overflow="ellipsis", min_width=4 if most else firm,
            max_width=None if width is None else most,
        )  # fmt: skip
    for row in rows:
        table.add_row(*map(Text, row))
    return _captured(table, width, colour)


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


def _captured(table: Table, width: int | None, colour: bool) -> str:
    console = Console(
        file=io.StringIO(), width=width or _ENDLESS, force_terminal=colour,
        no_color=None if colour else True, color_system="auto" if colour else None,
        highlight=False, legacy_windows=False, force_jupyter=False,
    )  # fmt: skip
    with console.capture() as capture:
        console.print(table)
    lines = [one.rstrip() for one in capture.get().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"
