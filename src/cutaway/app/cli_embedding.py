"""`cutaway embed`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..core.errors import InvalidError
from ..core.extras import check_installed
from .options import ModelChoice, verb
from .outcome import Outputs

__all__ = ["embed"]


@verb
def embed(
    choice: ModelChoice,
    outputs: Outputs,
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT]...", help="The texts; none: every token of the vocabulary."),
    ] = None,
    pooling: Annotated[
        str | None, typer.Option(help="mean, cls, last or max. [default: as the model says]")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="A block's number, or in. [default: the last states]")
    ] = None,
    nearest: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Which of them are nearest to this one.")
    ] = None,
    analogy: Annotated[
        tuple[str, str, str] | None,
        typer.Option(metavar="A B C", help="Which of them are nearest to A - B + C."),
    ] = None,
    project: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="START END", help="Where they lie on the way from one to the other."),
    ] = None,
    k: Annotated[int, typer.Option("--k", help="How many are nearest.")] = 5,
    exact: Annotated[
        bool | None,
        typer.Option(help="Whether every vector is looked at. [default: up to 100,000]"),
    ] = None,
    normalise: Annotated[
        bool | None,
        typer.Option(help="Whether each vector has length 1. [default: as the model says]"),
    ] = None,
) -> None:
    """Which texts or tokens are alike, which are nearest, where they lie on a direction."""
    from .embedding import embed as ask

    asked = [name for name in (nearest, analogy, project) if name is not None]
    if len(asked) > 1:
        raise InvalidError("question", asked, allowed="one of --nearest, --analogy, --project")
    if exact is not None and nearest is None and analogy is None:
        raise InvalidError("--exact", exact, allowed="with --nearest or --analogy")
    if exact is False:
        check_installed("faiss", because="it searches without looking at all", extra="search")
    at = int(layer) if layer is not None and layer.isdecimal() else layer
    found = ask(choice.load(), texts or None, pooling=pooling, layer=at, normalise=normalise)
    if nearest is not None:
        outputs.give(found.nearest(nearest, k, exact=exact))
    elif analogy is not None:
        outputs.give(found.analogy(*analogy, k, exact=exact))
    else:
        outputs.give(found.project(*project) if project else found)
