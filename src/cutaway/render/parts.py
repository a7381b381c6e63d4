"""An anatomy Spec as rows of strings: what text and table both print."""

from __future__ import annotations

from typing import Any

from ..view.spec import Spec

__all__ = ["COLUMNS", "known", "rows"]

COLUMNS = ("part", "module", "parameters", "of these")
_NOTHING = "–"


def rows(spec: Spec) -> list[tuple[str, ...]]:
    """A row of COLUMNS per part."""
    return [
        (_name(part), part["path"] or _NOTHING, f"{part['count']:,}", _shapes(part))
        for part in spec.header["parts"]
    ]


def known(spec: Spec) -> list[tuple[str, bool, str]]:
    """What can be had of the model: its name, whether it is proven, and the words for it."""
    return [
        (
            entry["name"], entry["proven"],
            "proven: " + entry["why"] if entry["proven"]
            else "not available, because " + entry["why"],
        )
        for entry in spec.header["capabilities"]
    ]  # fmt: skip


def _name(part: dict[str, Any]) -> str:
    """The kind of part, and the blocks it is in."""
    blocks = part["blocks"]
    word = "block" if blocks.isdecimal() else "blocks"
    return f"{part['kind']} of {word} {blocks}" if blocks else str(part["kind"])


def _shapes(part: dict[str, Any]) -> str:
    shapes = ", ".join(part["shapes"])
    return f"{shapes} (one with {', '.join(part['tied'])})" if part["tied"] else shapes
