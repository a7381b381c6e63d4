"""A saliency in the terminal: the last target's strip in colour, then a line for each target."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from ..view.spec import Spec
from .ramp import colours, hexadecimal, ink
from .shares import TargetShares, joined, target_shares
from .text_lens import fitted

__all__ = ["saliency_text"]

#: Sources of a line where the width is not given.
_NAMED = 5
_FAINT = 0.05


def saliency_text(spec: Spec, width: int | None) -> Iterator[Text]:
    """The lines, and the terms on which the numbers were made."""
    rows = target_shares(spec)
    if width is not None:
        yield _strip(spec)
        yield Text()
    heads = max(len(str(row.target)) for row in rows), max(cell_len(row.label) for row in rows)
    for row in rows:
        yield _line(row, heads, width)
    yield Text()
    for name, words in spec.header["terms"]:
        yield Text(f"{name}: {words}", style="dim")


def _strip(spec: Spec) -> Text:
    """The tokens the last target read, darkest where its share is largest; a source first."""
    header = spec.header
    labels, whole = joined(spec)
    shares, before = whole[-1], len(labels) - len(header["inputs"])
    largest = max(float(np.nanmax(shares, initial=0.0)), 1e-9)
    line = Text()
    shown = labels[: before + header["targets"][-1]]
    for i, (label, share) in enumerate(zip(shown, shares, strict=False)):
        if before and i == before:
            line.append("‖ ", style="dim")
        line.append(label, style=_style(float(share) / largest)).append(" ")
    return line.append("→ ").append(header["explained"][-1], style="bold cyan")


def _style(strength: float) -> Style:
    if np.isnan(strength) or strength < _FAINT:
        return Style()
    background = colours("clay", np.array(strength), "dark")
    return Style(color=ink(background), bgcolor=hexadecimal(background)[0])


def _line(row: TargetShares, heads: tuple[int, int], width: int | None) -> Text:
    line = Text.assemble(
        (str(row.target).rjust(heads[0]), "dim"), " ", (fitted(row.label, heads[1]), "bold cyan"),
        " ←",
    )  # fmt: skip
    if row.gap:
        line.append(f"  {row.gap}", style="dim")
    for label, share in row.sources[:_NAMED]:
        part = Text.assemble("  ", (label, "bold yellow"), f" {share}")
        if width is not None and line.cell_len + part.cell_len > width:
            break
        line.append(part)
    return line
