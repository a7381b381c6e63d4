"""`cutaway look`: read a text, perhaps go on, and show the lens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Generation, ModelChoice, Prompt, read_trace, verb
from .outcome import Outputs

__all__ = ["look"]


@verb
def look(
    prompt: Prompt,
    choice: ModelChoice,
    generation: Generation,
    outputs: Outputs,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the trace in this file.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="What that file holds beside states and lens: neurons, inside, all; "
            "may be given again.",
        ),
    ] = None,
) -> None:
    """Read a text and show how the model came by each token."""
    from .api import logit_lens

    # A trace that is kept must answer without its model: it may be opened anywhere.
    wanted = "all" if keep and "all" in keep else ("lens", *(keep or ()))
    trace = read_trace(prompt, choice, generation, keep=wanted if save else None)
    if save is not None:
        typer.echo(f"wrote {trace.save(save)}", err=True)
    outputs.give(logit_lens(trace))
