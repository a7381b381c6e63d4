"""The rows of the table of parts: equal blocks folded into one, and whose weights are shared."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import xarray as xr

from .anatomy_stack import expert_names, sizes

__all__ = ["folded", "ranges"]

#: A number that is a step of a name, before its shape.
_NUMBER = re.compile(r"(?<![^.])\d+(?=\.)")
#: How many modules of another kind are named.
_NAMED = 2


def folded(
    dataset: xr.Dataset, experts: Sequence[Sequence[int]]
) -> tuple[list[dict[str, Any]], list[int]]:
    """Parts that differ by their block's number only, as one row, in order of appearance.

    experts  by block: how many fused experts, and more; () where no block has any

    Also the row of each part of the dataset.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    keys = []
    columns = [dataset[name].values.tolist() for name in ("kind", "block", "path", "shape", "tied")]
    numbered, owners = _numbered(columns[1], columns[2]), _owners(*columns[:4])
    for kind, block, path, shape, tied, count in zip(
        *columns, dataset["parameters"].values.tolist(), strict=True
    ):
        where, shapes = _numberless(numbered.get(path), path, json.loads(shape))
        n_experts = (experts[int(block)][0] if experts else 0) if block else None
        key = (kind, where, json.dumps(shapes), tied, count, n_experts)
        row = rows.setdefault(key, _row(kind, where, shapes, count, n_experts))
        row["tied"] = json.loads(tied)
        row["twins"] = list(dict.fromkeys(owners.get(name, name) for name in row["tied"]))
        row["blocks"] += [int(block)] if block else []
        row["count"] += count
        keys.append(key)
    order = {key: row for row, key in enumerate(rows)}
    named = [r | {"blocks": ranges(r["blocks"]) if r["blocks"] else ""} for r in rows.values()]
    return named, [order[key] for key in keys]


def _numbered(blocks: Sequence[str], paths: Sequence[str]) -> dict[str, int]:
    """Path -> which step of it is its block's number; a module of several blocks has none.

    Where several steps are the number it is the one that most paths have it at.

    >>> _numbered(["0", "1", "0", "1"], ["0.at.0", "0.at.1", "one", "one"])
    {'0.at.0': 2, '0.at.1': 2}
    """
    blocks_of: dict[str, set[str]] = {}
    for block, path in zip(blocks, paths, strict=True):
        blocks_of.setdefault(path, set()).add(block)
    places = {
        path: [at for at, step in enumerate(path.split(".")) if {step} == of and step]
        for path, of in blocks_of.items()
    }
    usual = Counter(at for found in places.values() for at in found)
    return {path: max(found, key=usual.__getitem__) for path, found in places.items() if found}


def _numberless(
    at: int | None, path: str, shapes: Mapping[str, Sequence[int]]
) -> tuple[str, dict[str, Sequence[int]]]:
    """A path with * for the block's number, and so the parameters named from the model's root.

    at  which step of the path is the number, None for none

    >>> _numberless(1, "layer.3.out", {"b": (2,), "layer.3.in.3.w": (2, 3)})
    ('layer.*.out', {'b': (2,), 'layer.*.in.3.w': (2, 3)})
    """
    if at is None:
        return path, dict(shapes)
    steps = path.split(".")
    home, starred = (".".join([*steps[:at], step]) for step in (steps[at], "*"))
    named = {
        starred + name.removeprefix(home) if name.startswith(f"{home}.") else name: shape
        for name, shape in shapes.items()
    }
    return starred + path.removeprefix(home), named


def _owners(
    kinds: Sequence[str], blocks: Sequence[str], paths: Sequence[str], shapes: Sequence[str]
) -> dict[str, str]:
    """A parameter's whole name -> the part it is counted in: "attention of block 0"."""
    owners: dict[str, str] = {}
    for kind, block, path, shape in zip(kinds, blocks, paths, shapes, strict=True):
        own = json.loads(shape)
        label = _label(kind, own) + (f" of block {block}" if block else "")
        for name in own:
            owners.setdefault(f"{path}.{name}" if path else name, label)
            owners.setdefault(name, label)  # what lies outside of the path has its whole name
    return owners


def _row(
    kind: str, path: str, shapes: Mapping[str, Sequence[int]], each: int, n_experts: int | None
) -> dict[str, Any]:
    """A row of the table, of no block yet.

    n_experts  fused experts of its block, None outside the blocks
    """
    names = expert_names(kind, shapes, n_experts or 0)
    found = {
        "count": n_experts, "parameters": sum(sizes({name: shapes[name] for name in names})),
        "names": names,
    }  # fmt: skip
    weights = _weights(shapes, folded=n_experts is None)
    return {
        "kind": kind, "label": _label(kind, shapes), "blocks": [], "path": path,
        "shapes": list(weights), "sizes": list(weights.values()),
        "experts": found if names else None,
        "tied": [], "twins": [], "each": each, "count": 0,
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


def _weights(shapes: Mapping[str, Sequence[int]], *, folded: bool) -> dict[str, int]:
    """Each parameter with its shape in words -> how many numbers it has.

    folded  whether those that differ by a number in their names only are one

    >>> _weights({"h.0.w": (2, 3), "h.1.w": (2, 3), "0.b": (3,)}, folded=True)
    {'h.*.w 2 × 3, 2 times': 12, '0.b 3': 3}
    """
    told = [f"{name} {' × '.join(map(str, shape)) or '1'}" for name, shape in shapes.items()]
    plain = [_NUMBER.sub("*", words) if folded else words for words in told]
    times = Counter(plain)
    whole: dict[str, int] = {}
    for own, common, size in zip(told, plain, sizes(shapes), strict=True):
        words = own if times[common] == 1 else f"{common}, {times[common]} times"
        whole[words] = whole.get(words, 0) + size
    return whole


def ranges(numbers: Sequence[int]) -> str:
    """Ascending whole numbers in words.

    >>> ranges([0, 1, 2, 5, 7, 8]), ranges([3])
    ('0–2, 5, 7–8', '3')
    """
    gaps = [i + 1 for i, (a, b) in enumerate(pairwise(numbers)) if b != a + 1]
    bounds = [0, *gaps, len(numbers)]
    runs = [numbers[start:stop] for start, stop in pairwise(bounds)]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
