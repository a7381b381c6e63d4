"""The parts of a model as a stack and as a tally: where each part stands, what each kind counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

__all__ = ["expert_names", "sizes", "stack", "tally"]


def sizes(shapes: Mapping[str, Sequence[int]]) -> list[int]:
    """How many numbers each parameter has, in order.

    >>> sizes({"weight": (40, 8), "bias": (40,)})
    [320, 40]
    """
    return [prod(shape) for shape in shapes.values()]


def expert_names(kind: str, shapes: Mapping[str, Sequence[int]], count: int) -> list[str]:
    """The parameters of an MLP that lie in its experts: those beside one matrix for each expert.

    count  how many fused experts the block has, 0 for none

    >>> expert_names("mlp", {"experts.down_proj": (8, 4, 3), "gate.weight": (8, 4)}, 8)
    ['experts.down_proj']
    """
    if kind != "mlp" or not count:
        return []
    homes = {
        name.rpartition(".")[0]
        for name, shape in shapes.items()
        if len(shape) == 3 and shape[0] == count
    }
    return [name for name in shapes if name.rpartition(".")[0] in homes]


def stack(cells: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """The rows of the stack, in the order of the forward pass: the parts of a block share one.

    cells  (number of the block or "", row of the table of parts), in that order
    """
    rows: list[dict[str, Any]] = []
    for block, part in cells:
        number = int(block) if block else None
        if number is not None and rows and rows[-1]["block"] == number:
            rows[-1]["cells"].append(part)
        else:
            rows.append({"block": number, "cells": [part]})
    return rows


def tally(parts: Sequence[Mapping[str, Any]], n_blocks: Sequence[int]) -> list[dict[str, Any]]:
    """What each kind of part counts, inside the blocks and outside them, in order of appearance.

    parts     rows of the table of parts
    n_blocks  in how many blocks each of them is, 0 outside the blocks

    Each row: kind, label, inside (the blocks), blocks (how many have it), each (the least and the
    most that one of them counts, null outside), count, experts (what of it lies in experts).
    """
    kinds: dict[tuple[str, bool], list[int]] = {}
    for place, part in enumerate(parts):
        kinds.setdefault((part["kind"], n_blocks[place] > 0), []).append(place)
    return [
        {
            "kind": kind, "label": parts[places[0]]["label"], "inside": inside,
            "blocks": sum(n_blocks[i] for i in places),
            "each": _range(parts[i]["each"] for i in places) if inside else None,
            "count": sum(parts[i]["count"] for i in places),
            "experts": sum(_in_experts(parts[i]) * n_blocks[i] for i in places),
        }
        for (kind, inside), places in kinds.items()
    ]  # fmt: skip


def _in_experts(part: Mapping[str, Any]) -> int:
    """Parameters of one block's experts; 0 where they are counted elsewhere."""
    experts = part["experts"]
    return experts["parameters"] if experts and part["count"] else 0


def _range(counts: Iterable[int]) -> list[int]:
    found = list(counts)
    return [min(found), max(found)]
