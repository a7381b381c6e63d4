"""`cutaway look`: read a text, perhaps go on, and show the lens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import InvalidError
from ..core.files import check_target
from .options import Generation, ModelChoice, Prompt, Reading, read_trace, verb
from .outcome import Outputs

__all__ = ["look"]


@verb
def look(
    prompt: Prompt,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the trace in this file.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="What that file holds beside states and lens: neurons, inside, experts, "
            "attention, all; may be given again.",
        ),
    ] = None,
) -> None:
    """Read a text and show how the model came by each token."""
    from .api import logit_lens

    trace = read_trace(prompt, choice, generation, keep=_kept(save, keep or []), reading=reading)
    if save is not None:
        typer.echo(f"wrote {trace.save(save)}", err=True)
    outputs.give(logit_lens(trace))


def _kept(save: Path | None, keep: list[str]) -> str | tuple[str, ...] | None:
    """What is recorded: a trace in a file must answer without its model, for it may be moved."""
    if save is None:
        if keep:
            raise InvalidError("--keep", keep, allowed="beside --save FILE only")
        return None
    if not save.name.endswith(".trace"):
        raise InvalidError("file for --save", str(save), allowed="a name ending in .trace")
    check_target(save)
    return "all" if "all" in keep else ("lens", *keep)
