"""`cutaway attention`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Generation, ModelChoice, Subject, read_listed, read_trace, verb
from .outcome import Outputs

__all__ = ["attention"]


@verb
def attention(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    outputs: Outputs,
    layers: Annotated[
        str | None, typer.Option(help='Such as "0" or "0,29". [default: all]')
    ] = None,
    heads: Annotated[
        str | None, typer.Option(help='Numbers in a block, such as "0,3". [default: all]')
    ] = None,
    tokens: Annotated[
        list[str] | None,
        typer.Option(
            help='The set counted as "chosen": special, punctuation, re:PATTERN, or texts given '
            "one by one. [default: special]"
        ),
    ] = None,
) -> None:
    """Where it looked: the attention of every head, with figures of what each head does."""
    from .looking import attention as ask

    given = tokens or ["special"]
    trace = read_trace(subject, choice, generation)
    outputs.give(
        ask(
            trace, layers=read_listed("layers", layers), heads=read_listed("heads", heads),
            tokens=given[0] if len(given) == 1 and _named(given[0]) else given,
        )
    )  # fmt: skip


def _named(text: str) -> bool:
    """Whether it names a set of tokens; else it is a text."""
    return text in ("special", "punctuation") or text.startswith("re:")
