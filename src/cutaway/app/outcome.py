"""What a verb does with its view: print it, print its numbers, write its files."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InvalidError
from ..core.files import check_target
from ..core.terminal import encodable_json

if TYPE_CHECKING:
    from .view import View

__all__ = ["Outputs", "printed"]


_File = Path | None


def _into(what: str) -> Any:
    return typer.Option(metavar="FILE", help=what)


@dataclass(frozen=True)
class Outputs:
    """Where a view goes: always to the terminal, and to the files asked for."""

    html: Annotated[_File, _into("Write an offline page.")] = None
    svg: Annotated[_File, _into("Write a drawing.")] = None
    png: Annotated[_File, _into("Write a picture.")] = None
    csv: Annotated[_File, _into("Write the numbers as a table.")] = None
    nc: Annotated[_File, _into("Write the numbers as netCDF.")] = None
    json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False

    def __post_init__(self) -> None:
        # Said before a model is loaded, not after it has worked for minutes.
        for suffix, path in self._files():
            from .export import check_suffix

            if path.suffix.lower() != f".{suffix}":
                raise InvalidError(
                    f"file for --{suffix}", str(path), allowed=f"a name ending in .{suffix}"
                )
            check_suffix(path)
            check_target(path)

    def give(self, view: View) -> None:
        """Write the files, then print the view, as text or as JSON."""
        for _, path in self._files():
            view.save(path)
            typer.echo(f"wrote {path}", err=True)
        if self.json:
            # A sign that stdout lacks would become "?", another text than was read.
            said = encodable_json(view.json(), getattr(sys.stdout, "encoding", None))
        else:
            said = printed(view)
        typer.echo(said, nl=False)

    def _files(self) -> list[tuple[str, Path]]:
        given = {
            "html": self.html, "svg": self.svg, "png": self.png, "csv": self.csv, "nc": self.nc,
        }  # fmt: skip
        return [(suffix, path) for suffix, path in given.items() if path is not None]


def printed(view: View) -> str:
    """The view as text: coloured and as wide as the terminal, plain and whole in a pipe."""
    from ..render.text import text

    if sys.stdout is None or not sys.stdout.isatty():
        return text(view._text_spec)
    return text(view._text_spec, shutil.get_terminal_size().columns, colour=True)
