"""`cutaway neurons`, `cutaway clusters` and `cutaway factors`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import Generation, ModelChoice, Reading, Side, Subject, read_listed, read_trace, verb
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
    reading: Reading,
    outputs: Outputs,
    layers: _Layers = None,
    neurons: Annotated[
        str | None, typer.Option(help='Numbers in a block, such as "3,17". [default: all]')
    ] = None,
    side: Side = "decoder",
) -> None:
    """The values that enter each block's MLP down-projection."""
    from .neurons import neurons as ask

    asked: dict[str, Any] = {
        "layers": read_listed("layers", layers), "neurons": read_listed("neurons", neurons),
        "stream": side,
    }  # fmt: skip
    outputs.give(ask(read_trace(subject, choice, generation, reading=reading), **asked))


@verb
def clusters(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    n: Annotated[int, typer.Option("--n", help="How many clusters.")] = 8,
    layers: _Layers = None,
    by: Annotated[str, typer.Option(help="shape: where neurons fire; value: how much too.")] = (
        "shape"
    ),
    exclude: _Exclude = None,
    start_seed: _Seed = 0,
    side: Side = "decoder",
) -> None:
    """Neurons that fire alike: k-means over their activations."""
    from .neurons import clusters as ask

    asked: dict[str, Any] = {
        "layers": read_listed("layers", layers), "exclude": read_listed("exclude", exclude) or (),
        "n": n, "by": by, "seed": start_seed, "stream": side,
    }  # fmt: skip
    outputs.give(ask(read_trace(subject, choice, generation, reading=reading), **asked))


@verb
def factors(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    n: Annotated[int, typer.Option("--n", help="How many factors.")] = 6,
    layers: _Layers = None,
    part: Annotated[
        list[str] | None,
        typer.Option(help="positive, negative; may be given again. [default: what has a meaning]"),
    ] = None,
    exclude: _Exclude = None,
    start_seed: _Seed = 0,
    side: Side = "decoder",
) -> None:
    """Which neurons fired together: non-negative factors of their activations."""
    from .neurons import factors as ask

    asked: dict[str, Any] = {
        "layers": read_listed("layers", layers), "exclude": read_listed("exclude", exclude) or (),
        "n": n, "parts": part or None, "seed": start_seed, "stream": side,
    }  # fmt: skip
    outputs.give(ask(read_trace(subject, choice, generation, reading=reading), **asked))
