"""Whether and how a model goes on after a prompt, as the command line says it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InvalidError
from ..core.progress import Step, shown_here
from ..core.terminal import harmless

if TYPE_CHECKING:
    from ..model.lm import LM
    from ..trace.trace import Trace

__all__ = ["Generation"]

#: What says that something is produced; all else says how.
_WHAT = ("generate", "continuation")


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
    stream: Annotated[
        bool, typer.Option("--stream", help="Print the tokens as they come, on stderr.")
    ] = False

    def __post_init__(self) -> None:
        # Said before a model is loaded: an option that does nothing was meant to do something.
        given = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default and field.name not in _WHAT
        }
        if not self.wanted:
            _refuse(given, "with --generate N or --continuation TEXT")
        if self.continuation is not None:
            given.pop("stream", None)
            _refuse(
                {"generate": self.generate} if self.generate else {},
                "or --continuation TEXT, not both",
            )
            _refuse(given, "without --continuation, whose text is given")
        if self.stream and self.num_beams > 1:
            _refuse({"stream": True}, "without beams, which go back")

    @property
    def wanted(self) -> bool:
        """Whether anything is to be produced."""
        return self.generate > 0 or self.continuation is not None

    def run(self, lm: LM, prompt: Any, keep: str | tuple[str, ...] | None, **begun: Any) -> Trace:
        """The trace of the prompt and what came after it; begun: what the answer begins with."""
        given = asdict(self) | begun
        count, stream = given.pop("generate"), given.pop("stream")
        if count:
            given["max_new_tokens"] = count
        telling: AbstractContextManager[Any] = _aloud() if stream else nullcontext()
        with telling as on_token:
            return lm.generate(prompt, keep=keep, on_token=on_token, **given)


def _refuse(given: dict[str, Any], allowed: str) -> None:
    for name, value in given.items():
        raise InvalidError(f"--{name.replace('_', '-')}", value, allowed=allowed)


@contextmanager
def _aloud() -> Iterator[Any]:
    """Inside, tokens are printed on stderr by what this gives, with no bar among them."""

    def tell(_id: int, characters: str, _probability: float) -> None:
        typer.echo(harmless(characters), nl=False, err=True)

    with shown_here(_unseen):
        try:
            yield tell
        finally:
            typer.echo(err=True)


@contextmanager
def _unseen(_what: str, _total: int) -> Iterator[Step]:
    yield lambda: None
