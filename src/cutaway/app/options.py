"""The options that verbs of the command line share, each defined once.

A verb takes them as one argument of a dataclass; `verb` spells its fields out for typer:

    @verb
    def lens(subject: Subject, choice: ModelChoice, outputs: Outputs, k: K = 5) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer

from ..core.errors import InvalidError
from .generation import Generation
from .reading import ModelChoice, Reading, is_trace_file, read_trace

__all__ = [
    "Checked",
    "Generation",
    "ModelChoice",
    "Prompt",
    "Reading",
    "Side",
    "Subject",
    "is_trace_file",
    "read_listed",
    "read_numbers",
    "read_trace",
    "verb",
]

Prompt = Annotated[str, typer.Argument(help="The text to read.", show_default=False)]
Subject = Annotated[
    str,
    typer.Argument(
        metavar="PROMPT|TRACE", show_default=False,
        help="The text to read, or an existing file ending in .trace.",
    ),
]  # fmt: skip
Checked = Annotated[
    bool, typer.Option("--checked", help="Of half precision: check top tokens in float32.")
]
Side = Annotated[str, typer.Option(help="Of an encoder-decoder, whose blocks: decoder or encoder.")]


def read_numbers(what: str, text: str | None) -> list[int] | slice | None:
    """Positions or layers as they are typed: a list, or a range whose end is left out.

    >>> read_numbers("positions", "3,-1"), read_numbers("positions", "10:")
    ([3, -1], slice(10, None, None))
    """
    if text is None:
        return None
    try:
        if ":" in text:
            low, high = (int(part) if part.strip() else None for part in text.split(":"))
            return slice(low, high)
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise InvalidError(what, text, allowed='such as "3", "0,4,-1" or "10:20"') from None


def read_listed(what: str, text: str | None) -> list[int] | None:
    """Layers, heads or neurons as they are typed: a list and no range.

    >>> read_listed("layers", "0,29")
    [0, 29]
    """
    numbers = read_numbers(what, text)
    if isinstance(numbers, slice):
        raise InvalidError(what, text, allowed='a list, such as "0,29"')
    return numbers


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """The function with its dataclass arguments spelt out, field by field, for typer."""
    hints = get_type_hints(function, include_extras=True)
    records = {
        name: kind for name, kind in hints.items() if isinstance(kind, type) and is_dataclass(kind)
    }
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        kind = hints[parameter.name]
        if parameter.name in records:
            parameters += _spelt_out(kind)
        else:
            parameters.append(parameter.replace(annotation=kind))

    def run(**given: Any) -> None:
        values = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            for name, kind in records.items()
        }
        function(**given, **values)

    run.__name__, run.__doc__ = function.__name__, function.__doc__
    # Own options come first in --help, the shared ones after them.
    parameters.sort(key=lambda parameter: parameter.kind)
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    return run


def _spelt_out(kind: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(kind)
    ]  # fmt: skip
