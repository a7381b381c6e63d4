"""`cutaway explore`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..core.errors import InvalidError
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
    chat: Annotated[
        bool, typer.Option("--chat", help="PROMPT is a user's message to a model that chats.")
    ] = False,
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
    max_new_tokens: Annotated[
        int | None, typer.Option(help="Of each text drawn. [default: 12, of --ramble 20]")
    ] = None,
    k: Annotated[int, typer.Option(help="How many candidates are shown.")] = 10,
    temperature: Annotated[float, typer.Option(help="Above 0.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from the k top tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw from this much probability.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = 0,
) -> None:
    """What could come next: the likeliest tokens; pick one, and go on."""
    from .explore import explore as ask

    if max_new_tokens is not None and not (sample or ramble):
        raise InvalidError("--max-new-tokens", max_new_tokens, allowed="with --sample or --ramble")
    length = {} if max_new_tokens is None else {"max_new_tokens": max_new_tokens}
    drawn: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    text: Any = [{"role": "user", "content": prompt}] if chat else prompt
    view = ask(choice.load(), text, target=target, k=k, **drawn)
    for token in pick or ():
        view.pick(token)
    if sample:
        view.sample(sample, seed=seed, **drawn, **length)
    if ramble:
        view.ramble(seed=seed, **length)
    outputs.give(view)
