"""A Spec in the terminal: coloured and fitted to its width, or plain with no token cut."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from ..core.errors import UnknownError
from ..core.terminal import harmless
from ..view.spec import Spec
from .table import TABLES, table
from .tabular import printed
from .text_anatomy import anatomy_text
from .text_candidates import candidates_text
from .text_explore import explore_text
from .text_lens import lens_text
from .text_saliency import saliency_text

__all__ = ["TEXTS", "brief", "text"]

#: Kind of picture -> its body for a width in columns (None: as wide as it needs, nothing cut),
#: where it has a better one than its table.
TEXTS: Mapping[str, Callable[[Spec, int | None], Iterable[RenderableType]]] = {
    "logit_lens": lens_text,
    "candidates": candidates_text,
    "saliency": saliency_text,
    "anatomy": anatomy_text,
    "explore": explore_text,
}
_STYLES = {"": "", "b": "bold", "in": "bold yellow", "out": "bold cyan"}
#: Positions above which a picture fills many screens.
_LONG = 48
#: Plain output is not wrapped: rich needs a number, and no line is this long.
_ENDLESS = 10_000_000


def text(spec: Spec, width: int | None = None, *, colour: bool = False) -> str:
    """The picture as text.

    width   columns of the terminal; None: as wide as it needs, and no token is cut
    colour  whether escape codes for colours may be used (the environment says which)

    Raises UnknownError for a kind that has no text form.
    """
    if spec.kind not in TABLES:
        raise UnknownError("kind of picture", spec.kind, allowed=TABLES)
    spec = replace(spec, header=_harmless(spec.header))
    own = TEXTS.get(spec.kind)
    body = own(spec, width) if own else printed(table(spec), width)
    return _captured(_parts(spec, body), width, colour)


def brief(spec: Spec, width: int) -> str:
    """Plain text for a prompt: of a long text only the end, as a table whose caption says so."""
    if len(spec.header.get("positions", ())) <= _LONG:
        return text(spec, width)
    spec = replace(spec, header=_harmless(spec.header))
    return _captured(_parts(spec, printed(table(spec), width)), width, colour=False)


def _harmless(value: Any) -> Any:
    """A header whose words, from whatever file they come, do nothing to the terminal."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, Mapping):
        return {name: _harmless(each) for name, each in value.items()}
    return [_harmless(each) for each in value] if isinstance(value, (list, tuple)) else value


def _captured(parts: Iterable[RenderableType], width: int | None, colour: bool) -> str:
    console = Console(
        file=io.StringIO(), width=width or _ENDLESS, force_terminal=colour,
        no_color=None if colour else True,  # None: as NO_COLOR says
        color_system="auto" if colour else None, highlight=False, legacy_windows=False,
        force_jupyter=False,  # else rich displays an empty output of its own in a notebook
    )  # fmt: skip
    with console.capture() as capture:
        for part in parts:
            console.print(part, soft_wrap=width is None)
    lines = capture.get().splitlines()
    return "\n".join(lines if colour else [line.rstrip() for line in lines]) + "\n"


def _parts(spec: Spec, body: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """The question, the answer in words, the body, and the model: one under the other."""
    header = spec.header
    yield Text(header["heading"], style="bold")
    yield Text(header["about"], style="dim")
    yield Text()
    yield _sentence(header["sentence"])
    yield Text()
    yield from body
    yield from (Text(f"Note: {note}") for note in header["notes"])
    yield Text(_model(header["provenance"]), style="dim")


def _sentence(runs: Iterable[tuple[str, str]]) -> Text:
    return Text.assemble(*((string, _STYLES[style]) for style, string in runs))


def _model(provenance: Iterable[tuple[str, str]]) -> str:
    """The model and its precision; the rest of the provenance is in every saved file."""
    named = {name: value for name, value in provenance if name in ("model", "precision")}
    return " · ".join(named.values())
