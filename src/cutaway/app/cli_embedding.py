"""`cutaway embed`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import ModelChoice, verb
from .outcome import Outputs

__all__ = ["embed"]


@verb
def embed(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="The texts to compare.")],
    choice: ModelChoice,
    outputs: Outputs,
    pooling: Annotated[
        str | None, typer.Option(help="mean, cls, last or max. [default: as the model says]")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="A block's number, or in. [default: the last states]")
    ] = None,
) -> None:
    """Which texts are alike: the cosine of every two texts' vectors."""
    from .embedding import embed as ask

    at = int(layer) if layer is not None and layer.isdecimal() else layer
    outputs.give(ask(choice.load(), texts, pooling=pooling, layer=at))
