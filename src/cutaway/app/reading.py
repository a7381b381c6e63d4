"""Which model a verb of the command line runs, and how it reads its prompt."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InvalidError
from .generation import Generation

if TYPE_CHECKING:
    from ..model.lm import LM
    from ..trace.trace import Trace

__all__ = ["ModelChoice", "Reading", "is_trace_file", "read_trace", "traced"]

_Keep = str | tuple[str, ...] | None


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
    device_map: Annotated[
        str | None, typer.Option(help="How accelerate spreads it over devices, such as auto.")
    ] = None
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Let code that comes with the model run.")
    ] = False

    def __post_init__(self) -> None:
        if self.device is not None and self.device_map is not None:
            raise InvalidError("--device", self.device, allowed="or --device-map, not both")

    def load(self) -> LM:
        """The model, loaded."""
        from .api import load

        given = self.given()
        return load(given.pop("model", None), **given)

    def given(self) -> dict[str, Any]:
        """What was said, by name."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}


@dataclass(frozen=True)
class Reading:
    """How a prompt is read."""

    text_b: Annotated[
        str | None, typer.Option(help="A second text, read with the first: a context, a reply.")
    ] = None
    target_text: Annotated[
        str | None,
        typer.Option(help="Of an encoder-decoder: what its decoder reads, or begins to say."),
    ] = None
    chat: Annotated[
        bool, typer.Option("--chat", help="PROMPT is a user's message to a model that chats.")
    ] = False
    special_tokens: Annotated[
        bool, typer.Option(help="Whether the text gets the tokenizer's tokens around it.")
    ] = True

    def __post_init__(self) -> None:
        if self.chat and self.text_b is not None:
            raise InvalidError("--text-b", self.text_b, allowed="without --chat")
        if self.chat and not self.special_tokens:
            raise InvalidError(
                "--no-special-tokens", True, allowed="without --chat, whose template writes them"
            )

    def given(self) -> dict[str, Any]:
        """The options that were given, with their values."""
        changed = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) != one.default
        }
        if changed.pop("special_tokens", True) is False:
            changed["no_special_tokens"] = True
        return {f"--{name.replace('_', '-')}": value for name, value in changed.items()}


def read_trace(
    subject: str,
    choice: ModelChoice,
    generation: Generation | None = None,
    keep: _Keep = None,
    reading: Reading | None = None,
) -> Trace:
    """The trace that a PROMPT|TRACE names: a saved one, or that of a text just read.

    A saved trace answers by itself; with --model that model is put behind it.
    """
    how, more = reading or Reading(), generation or Generation()
    if is_trace_file(subject):
        return _opened(subject, choice, how, more)
    if subject.endswith(".trace"):
        typer.echo(f"there is no file {subject!r}: it is read as a text", err=True)
    return traced(subject, choice, how, more, keep)


def traced(
    text: str, choice: ModelChoice, how: Reading, more: Generation, keep: _Keep = None
) -> Trace:
    """The trace of a text, and of what the model says after it.

    Raises InvalidError for options that the model has no use for.
    """
    _check(how, more)
    lm: Any = choice.load()
    given: Any = [{"role": "user", "content": text}] if how.chat else text
    begun = {} if how.target_text is None else {"target": how.target_text}
    if begun and not hasattr(lm, "encoder"):
        raise InvalidError(
            "--target-text", how.target_text, allowed="with an encoder-decoder",
            fix="--continuation is what a model of one text says",
        )  # fmt: skip
    if more.wanted:
        return more.run(lm, given, keep, **begun)
    read: Trace = lm.trace(
        given, how.text_b, keep=keep, add_special_tokens=how.special_tokens, **begun
    )
    return read


def is_trace_file(subject: str) -> bool:
    """Whether it is the name of an existing file ending in .trace."""
    # os.path's answers False for what can't be a path at all, such as a very long text.
    return subject.endswith(".trace") and os.path.isfile(subject)  # noqa: PTH113


def _opened(subject: str, choice: ModelChoice, how: Reading, more: Generation) -> Trace:
    """A saved trace; what says how a text is read, or a model loaded, has no use there."""
    from .api import open as open_trace

    if more.wanted:
        raise InvalidError("trace", subject, allowed="a prompt, where tokens are generated")
    for option in how.given():
        raise InvalidError("trace", subject, allowed=f"a prompt, with {option}")
    for name, value in choice.given().items() if choice.model is None else ():
        option = f"--{name.replace('_', '-')}"
        raise InvalidError(option, value, allowed="with --model, of a saved trace")
    return open_trace(subject, model=choice.load() if choice.model else None)


def _check(how: Reading, more: Generation) -> None:
    """Refuse what generation does not take, before a model is loaded."""
    for option, value in how.given().items() if more.wanted else ():
        if option in ("--text-b", "--no-special-tokens"):
            raise InvalidError(option, value, allowed="without --generate and --continuation")
