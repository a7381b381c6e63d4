"""What a verb does with its view: print it, print its numbers, write its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .view import View

__all__ = ["Outputs"]


@dataclass(frozen=True)
class Outputs:
    """Where a view goes: always to the terminal, and to the files asked for."""

    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an offline page.")] = None
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a drawing.")] = None
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a picture.")] = None
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the numbers as a table.")] = None
    nc: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the numbers as netCDF.")] = None
    json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False

    def give(self, view: View) -> None:
        """Print the view, as text or as JSON, and write its files."""
        from .export import to_json

        files = {"html": self.html, "svg": self.svg, "png": self.png, "csv": self.csv,
                 "nc": self.nc}  # fmt: skip
        for suffix, path in files.items():
            if path is not None:
                view.save(path, format=suffix)
                typer.echo(f"wrote {path}", err=True)
        typer.echo(to_json(view.data) if self.json else repr(view))
