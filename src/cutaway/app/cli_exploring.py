"""`cutaway explore`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import ModelChoice, Prompt, verb
from .outcome import Outputs

__all__ = ["explore"]


@verb
def explore(
    prompt: Prompt,
    choice: ModelChoice,
    outputs: Outputs,
    target: Annotated[
        str | None,
        typer.Option(help="Of an encoder-decoder, whose source PROMPT is: how its answer begins."),
    ] = None,
    pick: Annotated[
        list[str] | None,
        typer.Option(help="Append this candidate, by its text; give it again to go on."),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draw N continuations, ranked.")
    ] = 0,
    ramble: Annotated[
        bool, typer.Option("--ramble", help="Draw 20 texts from the start token alone.")
    ] = False,
    k: Annotated[int, typer.Option(help="How many candidates are shown.")] = 10,
    temperature: Annotated[float, typer.Option(help="Above 0.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from the k top tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw from this much probability.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = 0,
) -> None:
    """What could come next: the likeliest tokens; pick one, and go on."""
    from .exploring import explore as ask

    view = ask(
        choice.load(), prompt, target=target, k=k, temperature=temperature, top_k=top_k,
        top_p=top_p,
    )  # fmt: skip
    for text in pick or ():
        view.pick(text)
    if sample:
        view.sample(sample, seed=seed, temperature=temperature, top_k=top_k, top_p=top_p)
    if ramble:
        view.ramble(seed=seed)
    outputs.give(view)
