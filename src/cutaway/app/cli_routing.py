"""`cutaway experts`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import Generation, ModelChoice, Reading, Side, Subject, read_listed, read_trace, verb
from .outcome import Outputs

__all__ = ["experts"]


@verb
def experts(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    layers: Annotated[str | None, typer.Option(help='Such as "0,29". [default: all]')] = None,
    side: Side = "decoder",
) -> None:
    """Which experts of a mixture were chosen at each token."""
    from .routing import experts as ask

    asked: dict[str, Any] = {"layers": read_listed("layers", layers), "stream": side}
    outputs.give(ask(read_trace(subject, choice, generation, reading=reading), **asked))
