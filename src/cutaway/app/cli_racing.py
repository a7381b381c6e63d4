"""`cutaway watch` and `cutaway pairs`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Checked, Generation, ModelChoice, Reading, Subject, read_trace, verb
from .outcome import Outputs

__all__ = ["pairs", "watch"]

_Tokens = Annotated[
    list[str],
    typer.Option("--token", help='A text of one token, such as " is"; give it again for more.'),
]


@verb
def watch(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    token: _Tokens,
    at: Annotated[
        int | None, typer.Option(help="The position that is read. [default: the last]")
    ] = None,
    target: Annotated[
        int | None, typer.Option(help="Instead of --at: the token that was to come.")
    ] = None,
    checked: Checked = False,
) -> None:
    """The race: rank and probability of chosen tokens after each layer."""
    from .watch import watch as ask

    trace = read_trace(subject, choice, generation, reading=reading)
    outputs.give(ask(trace, token, at=at, target=target, checked=checked))


@verb
def pairs(
    prompts: Annotated[list[str], typer.Argument(metavar="PROMPT...", help="The texts to read.")],
    choice: ModelChoice,
    outputs: Outputs,
    token: _Tokens,
    at: Annotated[int, typer.Option(help="The position read in each; -1 is the last.")] = -1,
) -> None:
    """The same tokens after other words: ranks after each layer, prompt by prompt."""
    from .watch import pairs as ask

    outputs.give(ask(choice.load().trace(prompts), token, at=at))
