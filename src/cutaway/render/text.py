"""A Spec in the terminal: coloured and fitted to its width, or plain with no token cut."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console, RenderableType
from rich.text import Text

from ..core.errors import UnknownError
from ..view.spec import Spec
from .table import TABLES, table
from .tabular import printed
from .text_anatomy import anatomy_text
from .text_candidates import candidates_text
from .text_lens import lens_text
from .text_saliency import saliency_text

__all__ = ["TEXTS", "printable", "text"]

#: Kind of picture -> its body for a width in columns (None: as wide as it needs, nothing cut),
#: where it has a better one than its table.
TEXTS: Mapping[str, Callable[[Spec, int | None], Iterable[RenderableType]]] = {
    "logit_lens": lens_text,
    "candidates": candidates_text,
    "saliency": saliency_text,
    "anatomy": anatomy_text,
}
_STYLES = {"": "", "b": "bold", "in": "bold yellow", "out": "bold cyan"}
#: Plain output is not wrapped: rich needs a number, and no line is this long.
_ENDLESS = 10_000_000


def text(spec: Spec, width: int | None = None, *, colour: bool = False) -> str:
    """The picture as text.

    width   columns of the terminal; None: as wide as it needs, and no token is cut
    colour  whether escape codes for colours may be used (the environment says which)

    Raises UnknownError for a kind that has no text form.
    """
    console = Console(
        file=io.StringIO(), width=width or _ENDLESS, force_terminal=colour, no_color=not colour,
        color_system="auto" if colour else None, highlight=False, legacy_windows=False,
    )  # fmt: skip
    with console.capture() as capture:
        for part in printable(spec, width):
            console.print(part, soft_wrap=width is None)
    lines = capture.get().splitlines()
    return "\n".join(lines if colour else [line.rstrip() for line in lines]) + "\n"


def printable(spec: Spec, width: int | None) -> list[RenderableType]:
    """The parts of the picture, one under the other, for a rich console of that width."""
    if spec.kind not in TABLES:
        raise UnknownError("kind of picture", spec.kind, allowed=TABLES)
    header = spec.header
    return [
        Text(header["heading"], style="bold"),
        Text(header["about"], style="dim"),
        Text(),
        _sentence(header["sentence"]),
        Text(),
        *(TEXTS[spec.kind](spec, width) if spec.kind in TEXTS else printed(table(spec), width)),
        *(Text(f"Note: {note}") for note in header["notes"]),
        Text(_model(header["provenance"]), style="dim"),
    ]


def _sentence(runs: Iterable[tuple[str, str]]) -> Text:
    return Text.assemble(*((string, _STYLES[style]) for style, string in runs))


def _model(provenance: Iterable[tuple[str, str]]) -> str:
    """The model and its precision; the rest of the provenance is in every saved file."""
    named = {name: value for name, value in provenance if name in ("model", "precision")}
    return " · ".join(named.values())
