"""`cutaway classes`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import ModelChoice, Subject, read_trace, verb
from .outcome import Outputs

__all__ = ["classes"]


@verb
def classes(
    subject: Subject,
    choice: ModelChoice,
    outputs: Outputs,
    text_b: Annotated[
        str | None, typer.Option(help="A second text, read with the first: a context, a reply.")
    ] = None,
    k: Annotated[
        int | None, typer.Option(help="Of a model that finds answers: how many. [default: 5]")
    ] = None,
) -> None:
    """What a classifier would answer after each layer."""
    from .classifying import classes as ask

    outputs.give(ask(read_trace(subject, choice, text_b=text_b), k=k))
