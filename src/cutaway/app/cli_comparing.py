"""`cutaway compare`."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import MissingError
from .options import ModelChoice, Reading, read_listed, read_trace, verb
from .outcome import Outputs

if TYPE_CHECKING:
    from ..model.lm import LM
    from ..trace.trace import Trace

__all__ = ["compare"]


@verb
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The first prompt, or a .trace file.")],
    choice: ModelChoice,
    reading: Reading,
    outputs: Outputs,
    b: Annotated[
        str | None,
        typer.Argument(metavar="[B]", help="The second; with --model-b the first, if left out."),
    ] = None,
    model_b: Annotated[
        str | None, typer.Option(help="Another model for B. [default: the same]")
    ] = None,
    lens: Annotated[
        str,
        typer.Option(
            help="logit_lens, predictions, watch, saliency, "
            "neurons, factors, clusters, experts or attention."
        ),
    ] = "logit_lens",
    names: Annotated[str, typer.Option(help='What the two are called, such as "she,he".')] = "a,b",
    layers: Annotated[
        str | None,
        typer.Option(help='Of attention, experts and neurons, such as "0,29". [default: all]'),
    ] = None,
    heads: Annotated[
        str | None, typer.Option(help='Of attention, such as "0,3". [default: all]')
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Of attention in encoder-decoders: decoder, encoder or cross."),
    ] = None,
    rank_of: Annotated[
        str | None, typer.Option(help="Of the logit lens: top, next, input, or a token's text.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="Of saliency.")] = None,
    token: Annotated[
        list[str] | None,
        typer.Option(help="Of watch: a text of one token; give it again for more."),
    ] = None,
) -> None:
    """Two prompts, or two models, under one lens: both, and their difference."""
    from .compare import compare as ask

    other = b if b is not None else (a if model_b else None)
    if other is None:
        raise MissingError("B", because="one prompt is compared with none", fix="or --model-b NAME")
    options: dict[str, Any] = {
        "layers": read_listed("layers", layers), "heads": read_listed("heads", heads),
        "kind": kind, "rank_of": rank_of, "method": method, "tokens": token,
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    first, second = _traces((a, other), choice, model_b, reading)
    outputs.give(ask(first, second, lens=lens, names=_two(names), **given))


class _Once(ModelChoice):
    """A choice whose model is loaded once, however often it is asked for."""

    def load(self) -> LM:
        return self._lm

    @cached_property
    def _lm(self) -> LM:
        return super().load()


def _traces(
    subjects: tuple[str, str], choice: ModelChoice, model_b: str | None, reading: Reading
) -> tuple[Trace, Trace]:
    """Both traces; two prompts of one model are read by one copy of it."""
    first = _Once(**asdict(choice))
    second = first if model_b is None else replace(choice, model=model_b, revision=None)
    a, b = subjects
    return read_trace(a, first, reading=reading), read_trace(b, second, reading=reading)


def _two(names: str) -> tuple[str, str]:
    """The names as typed; what is not two is refused by the verb, with what was typed."""
    first, _, second = names.partition(",")
    return first.strip(), second.strip()
