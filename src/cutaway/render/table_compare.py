"""Two runs compared, as tables of strings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.numbers import percent, quantity, rank
from ..view.spec import Spec
from .tabular import Table

__all__ = ["compare_attention_table", "compare_experts_table", "compare_table", "slot_name"]

_MOST_HEADS, _MOST_COLUMNS = 40, 12
_NONE, _UNDEFINED = "∅", "–"


def compare_attention_table(spec: Spec) -> Table:
    """A row per head, those that differ most first: by how much, and at which token most."""
    header, variation = spec.header, spec.arrays["variation"]
    order = np.argsort(-variation, axis=None, kind="stable")
    shown = [np.unravel_index(place, variation.shape) for place in order[:_MOST_HEADS].tolist()]
    most = f"{len(shown)} of {order.size:,} heads, those" if order.size > len(shown) else "Heads"
    rows = spec.arrays["rows"]
    return Table(
        caption=f"{most} that differ most first; total variation of attention, 0 to 100 %",
        columns=("layer", "head", "on average", "at most", "at"),
        rows=tuple(
            (
                str(header["layers"][layer]), str(header["heads"][head]),
                percent(float(variation[layer, head])),
                percent(float(spec.arrays["largest"][layer, head])),
                slot_name(spec, int(rows[layer, head].argmax())),
            )
            for layer, head in shown
        ),
    )  # fmt: skip


def compare_experts_table(spec: Spec) -> Table:
    """A row per layer: how far its router's choices are apart, and whose load changes most."""
    header, arrays = spec.header, spec.arrays
    names = header["names"]
    rows = []
    for row, (layer, count) in enumerate(zip(header["layers"], header["counts"], strict=True)):
        first, second = arrays["load"][:, row, :count].astype(np.float64)
        most = int(np.abs(second - first).argmax())
        variation = arrays["variation"][row].astype(np.float64)
        known = ~np.isnan(variation)
        wholly = int(((np.nan_to_num(variation) > 0) & (arrays["shared"][row] == 0)).sum())
        rows.append((
            str(layer), f"{count:,}", percent(float(variation[known].mean())),
            quantity(float(arrays["shared"][row][known].mean(dtype=np.float64))),
            f"{wholly:,} of {int(known.sum()):,}",
            slot_name(spec, int(np.nan_to_num(variation).argmax())),
            f"{most}: {percent(float(first[most]))} → {percent(float(second[most]))}",
        ))  # fmt: skip
    return Table(
        caption="How much of the weight goes to other experts, layer by layer; the load that "
        f"changes most, {names[0]} → {names[1]}",
        columns=(
            "layer", "experts", "difference", "experts in common", "none in common", "most at",
            "load",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def compare_table(spec: Spec) -> Table:
    """A row per row of the picture: both runs and their difference, or both top tokens."""
    header = spec.header
    shown = next(q for q in header["quantities"] if q["name"] == header["opens_with"])
    count = len(header["columns"]["same"])
    last = range(max(0, count - _MOST_COLUMNS), count)
    rows = range(len(header["rows"]))
    first, second = header["names"]
    return Table(
        caption=f"{shown['words']}: {first} → {second}"
        + (f"; the last {_MOST_COLUMNS} of {count:,} columns" if len(last) < count else ""),
        columns=(header["row_axis"], *(slot_name(spec, column) for column in last)),
        rows=tuple(
            (header["rows"][row], *(_cell(spec, shown, row, column) for column in last))
            for row in (reversed(rows) if header["upwards"] else rows)
        ),
    )


def _cell(spec: Spec, shown: dict[str, Any], row: int, column: int) -> str:
    """Both values of a cell, with the top tokens where there are any."""
    sides = [_told(shown, float(v)) for v in spec.arrays[shown["name"]][:2, row, column]]
    if "top_index" in spec.arrays:
        words = [*spec.header["vocabulary"], _NONE]  # -1, no token, is the last
        tops = [words[i] for i in spec.arrays["top_index"][:, row, column, 0]]
        if tops[0] == tops[1]:
            return f"{tops[0]} {sides[0]} → {sides[1]}"
        sides = [f"{top} {side}" for top, side in zip(tops, sides, strict=True)]
    return " → ".join(sides) if set(sides) != {_UNDEFINED} else _UNDEFINED


def _told(shown: dict[str, Any], value: float) -> str:
    if shown["name"] == "rank":
        return _UNDEFINED if np.isnan(value) else rank(int(value))
    return percent(value) if shown["share"] else quantity(value)


def slot_name(spec: Spec, slot: int) -> str:
    """A slot's token, or both where they differ, and ∅ where a run has none."""
    row = spec.header.get("columns", spec.header)
    first, second = (labels[slot] for labels in row["inputs"])
    if row["same"][slot]:
        return str(first)
    return f"{first or _NONE} / {second or _NONE}"
