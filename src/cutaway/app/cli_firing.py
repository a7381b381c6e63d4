"""`cutaway neurons`, `cutaway clusters` and `cutaway factors`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Generation, ModelChoice, Subject, read_listed, read_trace, verb
from .outcome import Outputs

__all__ = ["clusters", "factors", "neurons"]

_Layers = Annotated[str | None, typer.Option(help='Such as "0" or "0,29". [default: all]')]
_Exclude = Annotated[
    str | None, typer.Option(help='Positions left out, such as "0". [default: none]')
]
_Seed = Annotated[int, typer.Option("--start-seed", help="Of the method's random start.")]


@verb
def neurons(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    outputs: Outputs,
    layers: _Layers = None,
    neurons: Annotated[
        str | None, typer.Option(help='Numbers in a block, such as "3,17". [default: all]')
    ] = None,
) -> None:
    """The values that enter each block's MLP down-projection."""
    from .firing import neurons as ask

    trace = read_trace(subject, choice, generation)
    outputs.give(
        ask(trace, layers=read_listed("layers", layers), neurons=read_listed("neurons", neurons))
    )


@verb
def clusters(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    outputs: Outputs,
    n: Annotated[int, typer.Option("--n", help="How many clusters.")] = 8,
    layers: _Layers = None,
    by: Annotated[str, typer.Option(help="shape: where neurons fire; value: how much too.")] = (
        "shape"
    ),
    exclude: _Exclude = None,
    start_seed: _Seed = 0,
) -> None:
    """Neurons that fire alike: k-means over their activations."""
    from .firing import clusters as ask

    trace = read_trace(subject, choice, generation)
    outputs.give(
        ask(
            trace, n=n, layers=read_listed("layers", layers), by=by,
            exclude=read_listed("exclude", exclude) or (), seed=start_seed,
        )
    )  # fmt: skip


@verb
def factors(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    outputs: Outputs,
    n: Annotated[int, typer.Option("--n", help="How many factors.")] = 6,
    layers: _Layers = None,
    part: Annotated[
        list[str] | None,
        typer.Option(help="positive, negative; may be given again. [default: what has a meaning]"),
    ] = None,
    exclude: _Exclude = None,
    start_seed: _Seed = 0,
) -> None:
    """Which neurons fired together: non-negative factors of their activations."""
    from .firing import factors as ask

    trace = read_trace(subject, choice, generation)
    outputs.give(
        ask(
            trace, n=n, layers=read_listed("layers", layers), parts=part or None,
            exclude=read_listed("exclude", exclude) or (), seed=start_seed,
        )
    )  # fmt: skip
