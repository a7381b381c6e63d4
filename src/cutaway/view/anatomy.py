"""The parts of a model as a table, equal blocks folded, and what is proven of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import xarray as xr

from ..core.numbers import percent
from .header import attribute, header
from .spec import Spec

__all__ = ["anatomy_spec", "ranges"]


def anatomy_spec(dataset: xr.Dataset) -> Spec:
    """A row per part, blocks with equal shapes folded into one; a row per capability.

    dataset  of anatomy: parameters (part) with kind, block, path, shape and tied

    The header adds:
      parts         [{kind, blocks, path, shapes, tied, each, count}]; `blocks` is "" outside
                    them, `path` has a * for the block's number
      capabilities  [{name, proven, why}]
      total         the model's parameters
    """
    card = attribute(dataset, "model")
    parts = _folded(dataset)
    common = header(
        dataset,
        heading="What the model is made of",
        about="Parameters counted part by part; a weight that two parts share is counted once, "
        "where it comes first.",
        sentence=_sentence(card, parts),
    )
    own = {
        "parts": parts,
        "capabilities": [
            {"name": name, "proven": known["proven"], "why": known["why"]}
            for name, known in card["capabilities"].items()
        ],
        "total": int(dataset["parameters"].sum()),
    }
    return Spec("anatomy", common | own)


def ranges(numbers: Sequence[int]) -> str:
    """Ascending whole numbers in words.

    >>> ranges([0, 1, 2, 5, 7, 8]), ranges([3])
    ('0–2, 5, 7–8', '3')
    """
    gaps = [i + 1 for i, (a, b) in enumerate(pairwise(numbers)) if b != a + 1]
    bounds = [0, *gaps, len(numbers)]
    runs = [numbers[start:stop] for start, stop in pairwise(bounds)]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _folded(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Parts that differ by their block's number only, as one row, in order of appearance."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    names = ("kind", "block", "path", "shape", "tied")
    columns = [dataset[name].values.tolist() for name in names]
    for kind, block, path, shape, tied, count in zip(
        *columns, dataset["parameters"].values.tolist(), strict=True
    ):
        where = ".".join("*" if block and step == block else step for step in path.split("."))
        row = rows.setdefault(
            (kind, where, shape, tied, count),
            {
                "kind": kind, "blocks": [], "path": where, "shapes": _shapes(json.loads(shape)),
                "tied": json.loads(tied), "each": count, "count": 0,
            },
        )  # fmt: skip
        row["blocks"] += [int(block)] if block else []
        row["count"] += count
    return [
        row | {"blocks": ranges(row["blocks"]) if row["blocks"] else ""} for row in rows.values()
    ]


def _shapes(shapes: Mapping[str, Sequence[int]]) -> list[str]:
    return [f"{name} {' × '.join(map(str, shape)) or '1'}" for name, shape in shapes.items()]


def _sentence(card: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """How many parameters, and which kinds of part hold most of them."""
    total = sum(part["count"] for part in parts)
    kinds: dict[str, int] = {}
    for part in parts:
        kinds[part["kind"]] = kinds.get(part["kind"], 0) + part["count"]
    largest = sorted(kinds.items(), key=lambda item: -item[1])[:3]
    shares = ", ".join(f"{kind} {percent(count / total)}" for kind, count in largest if count)
    return [
        ["b", card["name"]],
        ["", f" has {card['n_layers']} blocks and "],
        ["b", f"{total:,}"],
        ["", f" parameters: {shares}."],
    ]
