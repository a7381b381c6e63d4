"""The parts of a model: a stack to scale, a tally, a table of parts, and what is proven of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import xarray as xr

from ..core.numbers import percent
from .anatomy_stack import expert_names, sizes, stack, tally
from .header import attribute, header
from .spec import Spec

__all__ = ["anatomy_spec", "ranges"]

#: How many modules of another kind are named.
_NAMED = 2


def anatomy_spec(dataset: xr.Dataset) -> Spec:
    """A row per part, blocks with equal shapes folded into one; a row per capability.

    dataset  of anatomy: parameters (part) with kind, block, path, shape and tied

    The header adds:
      parts         [{kind, label, blocks, path, shapes, sizes, experts, tied, each, count}];
                    `label` is its kind in words, `blocks` is "" outside them, `path`
                    has a * for the block's number, `sizes` are those of `shapes`, `experts` is
                    null or {count, parameters, names}
      stack         [{block, cells}] in the order of the forward pass; cells are rows of `parts`
      tally         [{kind, inside, blocks, each, count, experts}], see view/anatomy_stack.py
      capabilities  [{name, proven, why}]
      total         the model's parameters
    """
    card = attribute(dataset, "model")
    parts, places = _folded(dataset, card["experts"])
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


def ranges(numbers: Sequence[int]) -> str:
    """Ascending whole numbers in words.

    >>> ranges([0, 1, 2, 5, 7, 8]), ranges([3])
    ('0–2, 5, 7–8', '3')
    """
    gaps = [i + 1 for i, (a, b) in enumerate(pairwise(numbers)) if b != a + 1]
    bounds = [0, *gaps, len(numbers)]
    runs = [numbers[start:stop] for start, stop in pairwise(bounds)]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _folded(
    dataset: xr.Dataset, experts: Sequence[Sequence[int]]
) -> tuple[list[dict[str, Any]], list[int]]:
    """Parts that differ by their block's number only, as one row, in order of appearance.

    experts  by block: how many fused experts, and more; () where no block has any

    Also the row of each part of the dataset.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    keys = []
    columns = [dataset[name].values.tolist() for name in ("kind", "block", "path", "shape", "tied")]
    for kind, block, path, shape, tied, count in zip(
        *columns, dataset["parameters"].values.tolist(), strict=True
    ):
        where, shapes = _numberless(block, path, json.loads(shape))
        n_experts = experts[int(block)][0] if block and experts else 0
        key = (kind, where, json.dumps(shapes), tied, count, n_experts, bool(block))
        row = rows.setdefault(key, _row(kind, where, shapes, count, n_experts))
        row["tied"] = json.loads(tied)
        row["blocks"] += [int(block)] if block else []
        row["count"] += count
        keys.append(key)
    order = {key: row for row, key in enumerate(rows)}
    named = [r | {"blocks": ranges(r["blocks"]) if r["blocks"] else ""} for r in rows.values()]
    return named, [order[key] for key in keys]


def _numberless(
    block: str, path: str, shapes: Mapping[str, Sequence[int]]
) -> tuple[str, dict[str, Sequence[int]]]:
    """A path with * for the block's number, and so the parameters named from the model's root.

    >>> _numberless("3", "layer.3.out", {"b": (2,), "layer.3.in.3.w": (2, 3)})
    ('layer.*.out', {'b': (2,), 'layer.*.in.3.w': (2, 3)})
    """
    steps = path.split(".")
    if not block or block not in steps:
        return path, dict(shapes)
    home = ".".join(steps[: steps.index(block) + 1])
    starred = home.removesuffix(block) + "*"
    named = {
        starred + name.removeprefix(home) if name.startswith(f"{home}.") else name: shape
        for name, shape in shapes.items()
    }
    return ".".join("*" if step == block else step for step in steps), named


def _row(
    kind: str, path: str, shapes: Mapping[str, Sequence[int]], each: int, n_experts: int
) -> dict[str, Any]:
    """A row of the table, of no block yet."""
    names = expert_names(kind, shapes, n_experts)
    found = {
        "count": n_experts, "parameters": sum(sizes({name: shapes[name] for name in names})),
        "names": names,
    }  # fmt: skip
    return {
        "kind": kind, "label": _label(kind, shapes), "blocks": [], "path": path,
        "shapes": _shapes(shapes), "sizes": sizes(shapes), "experts": found if names else None,
        "tied": [], "each": each, "count": 0,
    }  # fmt: skip


def _label(kind: str, shapes: Mapping[str, Sequence[int]]) -> str:
    """What a kind is called; of other parts also the modules they are.

    >>> _label("mlp", {}), _label("other", {"transformer.wpe.weight": (1024, 768)})
    ('MLP', 'other: wpe')
    """
    if kind != "other":
        return {"mlp": "MLP"}.get(kind, kind)
    names = list(dict.fromkeys((name.split(".")[-2:-1] or [name])[0] for name in shapes))
    return "other: " + ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _shapes(shapes: Mapping[str, Sequence[int]]) -> list[str]:
    return [f"{name} {' × '.join(map(str, shape)) or '1'}" for name, shape in shapes.items()]


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
