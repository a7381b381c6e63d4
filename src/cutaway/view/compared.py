"""What every picture of two traces has in its header: both runs' names, tokens and origins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import xarray as xr

from .header import Runs, attribute, header, provenance

__all__ = ["compared_header", "slot_row", "told_token"]


def compared_header(dataset: xr.Dataset, *, heading: str, about: str, sentence: Runs) -> Any:
    """The fields common to all kinds, and `names`, what the two runs are called."""
    prompts = [attribute(dataset, name).get("prompt") for name in ("run", "other_run")]
    texts = dict.fromkeys(prompt for prompt in prompts if isinstance(prompt, str))
    titled = dataset.assign_attrs(run=json.dumps({"prompt": " | ".join(texts)}))
    common = header(titled, heading=heading, about=about, sentence=sentence)
    names = attribute(dataset, "options")["names"]
    return {**common, "provenance": _provenance(dataset, names), "names": names}


def slot_row(dataset: xr.Dataset, axis: str = "position") -> dict[str, Any]:
    """Header fields of an axis of slots: of both sides the positions (-1 for none) and labels."""
    prefix = "" if axis == "position" else f"{axis}_"
    sides = {
        "at": (f"{axis}_a", f"{axis}_b"),
        "inputs": (f"{prefix}input_a", f"{prefix}input_b"),
        "produced": (f"{prefix}produced_a", f"{prefix}produced_b"),
    }
    row = {name: [dataset[side].values.tolist() for side in pair] for name, pair in sides.items()}
    return {**row, "same": dataset[f"{prefix}same"].values.tolist()}


def told_token(row: Mapping[str, Any], slot: int) -> list[list[str]]:
    """A slot's token, or both where they differ, as runs of a sentence."""
    first, second = (labels[slot] for labels in row["inputs"])
    if row["same"][slot] or not second:
        return [["in", first]]
    return [["in", first], ["", " / "], ["out", second]] if first else [["out", second]]


def _provenance(dataset: xr.Dataset, names: list[str]) -> list[list[str]]:
    """The rows of both runs; what is the same in both stands once, without a name."""
    other = dataset.assign_attrs(model=dataset.attrs["other_model"], run=dataset.attrs["other_run"])
    first, second = provenance(dataset), provenance(other)
    rows = []
    for row in first:
        apart = row not in second
        rows.append([f"{row[0]} ({names[0]})", row[1]] if apart and row[0] != "model" else row)
        if apart:
            rows += [[f"{n} ({names[1]})", v] for n, v in second if n == row[0] and [n, v] != row]
    said = {name for name, _ in first}
    return [*rows, *([f"{n} ({names[1]})", v] for n, v in second if n not in said)]
