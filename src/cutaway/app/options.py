"""The options that verbs of the command line share, each defined once.

A verb takes them as one argument of a dataclass; `verb` spells its fields out for typer:

    @verb
    def lens(subject: Subject, choice: ModelChoice, outputs: Outputs, k: K = 5) -> None: ...
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..core.errors import InvalidError

if TYPE_CHECKING:
    from ..model.lm import LM
    from ..trace.trace import Trace

__all__ = [
    "Checked",
    "Generation",
    "ModelChoice",
    "Prompt",
    "Subject",
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


@dataclass(frozen=True)
class ModelChoice:
    """Which model a verb runs."""

    model: Annotated[
        str | None,
        typer.Option(help="Hub id, folder or .gguf file. [default: the embedded SmolLM2-135M]"),
    ] = None
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit on the hub.")] = None
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps.")] = None
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16, float16.")] = None

    def load(self) -> LM:
        """The model, loaded."""
        from .api import load

        given = {name: value for name, value in asdict(self).items() if value is not None}
        return load(given.pop("model", None), **given)


@dataclass(frozen=True)
class Generation:
    """Whether and how the model goes on after the prompt."""

    generate: Annotated[int, typer.Option(min=0, metavar="N", help="Let it say N tokens more.")] = 0
    temperature: Annotated[float, typer.Option(help="0 takes the top token each time.")] = 0.0
    top_k: Annotated[int | None, typer.Option(help="Sample from the k top tokens.")] = None
    top_p: Annotated[float | None, typer.Option(help="Sample from this much probability.")] = None
    num_beams: Annotated[int, typer.Option(help="Search with so many beams.")] = 1
    seed: Annotated[int, typer.Option(help="Of the sampling.")] = 0
    continuation: Annotated[
        str | None, typer.Option(help="Have it say this text instead of its own.")
    ] = None

    @property
    def wanted(self) -> bool:
        """Whether anything is to be produced."""
        return self.generate > 0 or self.continuation is not None

    def run(self, lm: LM, prompt: str, keep: str | tuple[str, ...] | None) -> Trace:
        """The trace of the prompt and what came after it."""
        given = asdict(self)
        count = given.pop("generate")
        if count:
            given["max_new_tokens"] = count
        return lm.generate(prompt, keep=keep, **given)


def read_trace(
    subject: str,
    choice: ModelChoice,
    generation: Generation | None = None,
    keep: str | tuple[str, ...] | None = None,
    text_b: str | None = None,
) -> Trace:
    """The trace that a PROMPT|TRACE names: a saved one, or that of a text just read.

    text_b  a second text that is read with it

    A saved trace answers by itself; with --model that model is put behind it.
    """
    from .api import open as open_trace

    generates = generation is not None and generation.wanted
    if is_trace_file(subject):
        if generates:
            raise InvalidError("trace", subject, allowed="a prompt, where tokens are generated")
        if text_b is not None:
            raise InvalidError("text-b", text_b, allowed="with a prompt; a trace has its own")
        return open_trace(subject, model=choice.load() if choice.model else None)
    if subject.endswith(".trace"):
        typer.echo(f"there is no file {subject!r}: it is read as a text", err=True)
    lm = choice.load()
    if generation is not None and generates:
        return generation.run(lm, subject, keep)
    return lm.trace(subject, text_b, keep=keep)


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


def is_trace_file(subject: str) -> bool:
    """Whether it is the name of an existing file ending in .trace."""
    # os.path's answers False for what can't be a path at all, such as a very long text.
    return subject.endswith(".trace") and os.path.isfile(subject)  # noqa: PTH113


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
