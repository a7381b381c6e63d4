"""`cutaway report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Generation, ModelChoice, Reading, Subject, read_trace, verb
from .outcome import Outputs

__all__ = ["report"]


@verb
def report(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    lens: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="lens, race, saliency, attention, neurons, factors, clusters, experts, walk or "
            "anatomy; give it again for more. [default: all]",
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print every number as JSON.")] = False,
) -> None:
    """All lenses on one page, linked: an account of each token, and what it is told by."""
    from .report import read_names
    from .report import report as ask

    outputs = Outputs(html=html, json=json)
    names = read_names(lens or None)  # refused before a model is loaded
    outputs.give(ask(read_trace(subject, choice, generation, reading=reading), names))
