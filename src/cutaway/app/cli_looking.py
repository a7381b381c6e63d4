"""`cutaway attention`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..core.errors import InvalidError, UnknownError
from .options import Generation, ModelChoice, Reading, Subject, read_listed, read_trace, verb
from .outcome import Outputs

__all__ = ["attention"]

_VIEWS = ("model", "heads", "neuron")


@verb
def attention(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    view: Annotated[
        str,
        typer.Option(
            help="What the page opens with: model (all heads) or heads (of a layer); or neuron: "
            "one head at one token, number by number."
        ),
    ] = "model",
    layers: Annotated[
        str | None, typer.Option(help='Such as "0" or "0,29". [default: all]')
    ] = None,
    heads: Annotated[
        str | None, typer.Option(help='Numbers in a block, such as "0,3". [default: all]')
    ] = None,
    layer: Annotated[int | None, typer.Option(help="One layer instead of --layers.")] = None,
    head: Annotated[int | None, typer.Option(help="One head instead of --heads.")] = None,
    at: Annotated[
        int | None,
        typer.Option(help="With --view neuron: the position that looks. [default: the last]"),
    ] = None,
    kind: Annotated[
        str, typer.Option(help="Of an encoder-decoder: decoder, encoder or cross.")
    ] = "self",
    weighting: Annotated[str, typer.Option(help="weight, value_norm or output_norm.")] = "weight",
    aggregate: Annotated[
        str | None, typer.Option(help="The heads of a block as one: mean, max or rollout.")
    ] = None,
    split: Annotated[
        int | None,
        typer.Option(help="Where the second part of the text begins. [default: the output]"),
    ] = None,
    carry: Annotated[
        str, typer.Option(help="What the page holds: weights, or queries (and keys).")
    ] = "weights",
    tokens: Annotated[
        list[str] | None,
        typer.Option(
            help='The set counted as "chosen": special, punctuation, re:PATTERN, or texts given '
            "one by one. [default: special]"
        ),
    ] = None,
    alignment: Annotated[
        bool,
        typer.Option("--alignment", help="Of --kind cross: each target's source instead."),
    ] = False,
) -> None:
    """Where it looked: the attention of every head, with figures of what each head does."""
    from .attention import attention as ask

    if view not in _VIEWS:
        raise UnknownError("view", view, allowed=_VIEWS)
    neuron = view == "neuron"
    if alignment and (neuron or kind != "cross"):
        raise InvalidError("--alignment", alignment, allowed="with --kind cross, without --view")
    if at is not None and not neuron:
        raise InvalidError("--at", at, allowed="with --view neuron")
    if neuron and (aggregate or weighting != "weight"):
        raise InvalidError("--view", view, allowed="without --weighting and --aggregate")
    given = tokens or ["special"]
    options: dict[str, Any] = {
        "layers": _one_or("layers", layer, layers), "heads": _one_or("heads", head, heads),
        "kind": kind, "weighting": weighting, "aggregate": aggregate, "split": split,
        "carry": carry, "opens": "model" if neuron else view,
        "tokens": given[0] if len(given) == 1 and _named(given[0]) else given,
    }  # fmt: skip
    found = ask(read_trace(subject, choice, generation, reading=reading), **options)
    if alignment:
        outputs.give(found.alignment(layer, head))
    else:
        outputs.give(found.neuron(layer, head, -1 if at is None else at) if neuron else found)


def _one_or(what: str, one: int | None, listed: str | None) -> list[int] | None:
    """The numbers of --layers or of --layer, not of both."""
    if one is None:
        return read_listed(what, listed)
    if listed is not None:
        raise InvalidError(what, listed, allowed=f"--{what} or --{what[:-1]}, not both")
    return [one]


def _named(text: str) -> bool:
    """Whether it names a set of tokens; else it is a text."""
    return text in ("special", "punctuation") or text.startswith("re:")
