"""`cutaway walk`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Generation, ModelChoice, Reading, Subject, read_trace, verb
from .outcome import Outputs

__all__ = ["walk"]


@verb
def walk(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    at: Annotated[
        int | None,
        typer.Option(
            help="The position that is followed, negative from the end; unless said the last, or "
            "the first mask."
        ),
    ] = None,
    layer: Annotated[int, typer.Option(help="The block that is walked through.")] = 0,
) -> None:
    """Every step of one token through one block, with the model's real numbers."""
    from .walk import walk as ask

    outputs.give(ask(read_trace(subject, choice, generation, reading=reading), at=at, layer=layer))
