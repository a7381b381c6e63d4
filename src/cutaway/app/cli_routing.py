"""`cutaway experts`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Generation, ModelChoice, Subject, read_listed, read_trace, verb
from .outcome import Outputs

__all__ = ["experts"]


@verb
def experts(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    outputs: Outputs,
    layers: Annotated[str | None, typer.Option(help='Such as "0,29". [default: all]')] = None,
) -> None:
    """Which experts of a mixture were chosen at each token."""
    from .routing import experts as ask

    trace = read_trace(subject, choice, generation)
    outputs.give(ask(trace, layers=read_listed("layers", layers)))
