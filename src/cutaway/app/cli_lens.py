"""`cutaway lens` and `cutaway predictions`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import (
    Checked,
    Generation,
    ModelChoice,
    Reading,
    Subject,
    read_numbers,
    read_trace,
    verb,
)
from .outcome import Outputs

__all__ = ["lens", "predictions"]


@verb
def lens(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    k: Annotated[int, typer.Option(help="Top tokens of each cell.")] = 5,
    rank_of: Annotated[
        str, typer.Option(help="Whose rank: top, next, input, or a token's text.")
    ] = "top",
    against: Annotated[str, typer.Option(help="Distances to: final or input.")] = "final",
    distance: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="kl, js, tv; may be given again. [default: kl]"),
    ] = None,
    inside: Annotated[
        bool, typer.Option("--inside", help="Also between attention and MLP.")
    ] = False,
    positions: Annotated[
        str | None, typer.Option(help='Such as "3,-1" or "10:20". [default: all]')
    ] = None,
    every: Annotated[int, typer.Option(help="Every n-th layer; the last is always shown.")] = 1,
    checked: Checked = False,
) -> None:
    """What the model would say after each of its layers."""
    from .api import logit_lens

    at = read_numbers("positions", positions)
    trace = read_trace(subject, choice, generation, reading=reading)
    outputs.give(
        logit_lens(
            trace, k=k, rank_of=rank_of, against=against,  # type: ignore[arg-type]
            distances=tuple(distance or ("kl",)), inside=inside, positions=at, every=every,
            checked=checked,
        )
    )  # fmt: skip


@verb
def predictions(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    at: Annotated[
        int | None, typer.Option(help="The position that is read. [default: -1, the last]")
    ] = None,
    target: Annotated[
        int | None, typer.Option(help="Instead of --at: the token that was to come.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help='One layer, or "in". [default: all]')] = None,
    k: Annotated[int, typer.Option(help="Top tokens of each layer.")] = 10,
    checked: Checked = False,
) -> None:
    """The top tokens after each layer, at one position."""
    from .api import predictions as ask

    trace = read_trace(subject, choice, generation, reading=reading)
    outputs.give(ask(trace, at=at, target=target, layer=layer, k=k, checked=checked))
