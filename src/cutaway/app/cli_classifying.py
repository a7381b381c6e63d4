"""`cutaway classes`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import ModelChoice, Reading, Subject, read_trace, verb
from .outcome import Outputs

__all__ = ["classes"]


@verb
def classes(
    subject: Subject,
    choice: ModelChoice,
    reading: Reading,
    outputs: Outputs,
    k: Annotated[
        int | None, typer.Option(help="Of a model that finds answers: how many. [default: 5]")
    ] = None,
) -> None:
    """What a classifier would answer after each layer."""
    from .classes import classes as ask

    outputs.give(ask(read_trace(subject, choice, reading=reading), k=k))
