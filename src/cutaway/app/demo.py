"""`cutaway demo`: the embedded model on one sentence, in the terminal and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .outcome import Outputs, printed

__all__ = ["PROMPT", "demo"]

PROMPT = "The capital of France is"


def demo(
    html: Annotated[Path, typer.Option(metavar="FILE", help="Where the page goes.")] = Path(
        "demo.html"
    ),
) -> None:
    """Show the embedded model at work on one sentence."""
    from .api import load
    from .report import report

    Outputs(html=html)  # refused before a model is loaded
    view = report(load().trace(PROMPT))
    view.save(html)
    typer.echo(printed(view["lens"]), nl=False)
    typer.echo(f"All lenses on one page, offline: {html.resolve().as_uri()}")
