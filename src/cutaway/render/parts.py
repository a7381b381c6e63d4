"""An anatomy Spec as rows of strings: what text and table both print."""

from __future__ import annotations

from typing import Any

from ..core.numbers import percent
from ..view.spec import Spec

__all__ = ["COLUMNS", "TALLY", "known", "rows", "tally_rows"]

COLUMNS = ("part", "module", "parameters", "of these")
TALLY = ("", "in one block", "blocks", "in all", "share")
_NOTHING = "–"


def rows(spec: Spec) -> list[tuple[str, ...]]:
    """A row of COLUMNS per part."""
    return [
        (_name(part), part["path"] or _NOTHING, f"{part['count']:,}", _shapes(part))
        for part in spec.header["parts"]
    ]


def tally_rows(spec: Spec) -> list[tuple[str, ...]]:
    """A row of TALLY per kind of part, what of it lies in experts below it, the total last."""
    total = max(spec.header["total"], 1)
    table: list[tuple[str, ...]] = []
    for row in spec.header["tally"]:
        blocks = str(row["blocks"]) if row["inside"] else ""
        count, own = row["count"], row["experts"]
        share = percent(count / total) if count else ""
        each = _range(row["each"]) if row["inside"] else ""
        table.append((row["label"], each, blocks, f"{count:,}" if count else "tied", share))
        if own:
            table.append(("  of these in experts", "", "", f"{own:,}", percent(own / total)))
    return [*table, ("total", "", "", f"{spec.header['total']:,}", "")]


def _range(each: tuple[int, int]) -> str:
    least, most = each
    return f"{least:,}" if least == most else f"{least:,} – {most:,}"


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
    return f"{part['label']} of {word} {blocks}" if blocks else str(part["label"])


def _shapes(part: dict[str, Any]) -> str:
    shapes = ", ".join(part["shapes"])
    which = "some one with" if part["count"] else "one with"
    return f"{shapes} ({which} {', '.join(part['twins'])})" if part["twins"] else shapes
