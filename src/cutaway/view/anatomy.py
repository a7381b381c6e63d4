"""The parts of a model: a stack to scale, a tally, a table of parts, and what is proven of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from ..core.numbers import percent
from .anatomy_parts import folded
from .anatomy_stack import stack, tally
from .header import attribute, header
from .spec import Spec

__all__ = ["anatomy_spec"]


def anatomy_spec(dataset: xr.Dataset) -> Spec:
    """A row per part, blocks with equal shapes folded into one; a row per capability.

    dataset  of anatomy: parameters (part) with kind, block, path, shape and tied

    The header adds:
      parts         [{kind, label, blocks, path, shapes, sizes, experts, tied, twins, each, count}];
                    `label` is its kind in words, `blocks` is "" outside them, `path`
                    has a * for the block's number, `sizes` are those of `shapes`, `experts` is
                    null or {count, parameters, names}, `twins` are the parts that count the
                    parameters in `tied`
      stack         [{block, cells}] in the order of the forward pass; cells are rows of `parts`
      tally         [{kind, inside, blocks, each, count, experts}], see view/anatomy_stack.py
      capabilities  [{name, proven, why}]
      total         the model's parameters
    """
    card = attribute(dataset, "model")
    parts, places = folded(dataset, card["experts"])
    blocks = dataset["block"].values.tolist()
    inside = Counter(place for block, place in zip(blocks, places, strict=True) if block)
    common = header(
        dataset,
        heading="What the model is made of",
        about="Parameters counted part by part; in the picture they are areas, to scale, and a "
        "token's way goes up. A weight that two parts share is counted once, where it comes first.",
        sentence=_sentence(card, parts),
    )
    own = {
        "parts": parts,
        "stack": stack(zip(blocks, places, strict=True)),
        "tally": tally(parts, [inside[row] for row in range(len(parts))]),
        "capabilities": [
            {"name": name, "proven": known["proven"], "why": known["why"]}
            for name, known in card["capabilities"].items()
        ],
        "total": int(dataset["parameters"].sum()),
    }
    return Spec("anatomy", common | own)


def _sentence(card: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """How many parameters, and which kinds of part hold most of them."""
    total = sum(part["count"] for part in parts)
    kinds: dict[str, int] = {}
    for part in parts:
        kinds[part["label"]] = kinds.get(part["label"], 0) + part["count"]
    largest = sorted(kinds.items(), key=lambda item: -item[1])[:3]
    shares = ", ".join(f"{kind} {percent(count / total)}" for kind, count in largest if count)
    return [
        ["b", card["name"]],
        ["", f" has {card['n_layers']} blocks and "],
        ["b", f"{total:,}"],
        ["", f" parameters: {shares}.{_shared(parts)}"],
    ]


def _shared(parts: Sequence[Mapping[str, Any]]) -> str:
    """Which blocks have no weight of their own: shared blocks, calls of the same modules."""
    inside = [part for part in parts if part["blocks"]]
    own = {part["blocks"] for part in inside if part["count"]}
    again = {part["blocks"]: part["tied"] for part in inside if part["blocks"] not in own}
    if not all(again.values()) or not again:
        return ""
    return f" Shared: blocks {', '.join(again)} are earlier blocks called again."
