"""Attention of every head, computed when it is touched: one head asks for one head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import read_position, read_whole
from ..core.errors import InvalidError, UnknownError
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .aggregate import AGGREGATES, aggregated, read_aggregate
from .dataset import finish, token_coords
from .having import noting_absent, read_having
from .lazy import lazily
from .weighting import read_weighting, weighted

__all__ = ["OPENS", "attention", "read_attention_layers", "read_heads"]

KINDS = ("self",)
#: What a picture opens with: the grid of all heads, or the heads of one layer as lines.
OPENS = ("model", "heads")
_SQUARE = ("query", "key")


def attention(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    kind: str = "self",
    weighting: str = "weight",
    aggregate: str | None = None,
    split: int | None = None,
    opens: str = "model",
) -> xr.Dataset:
    """The weight of every query position on every key position, by layer and head.

    layers, heads   None: every block with attention, every head; the numbers are kept
    weighting       of WEIGHTINGS: what a cell holds
    aggregate       of AGGREGATES: the heads of a block as one; None: each by itself
    split           the first position of part B, 1..T-1; None: where the output begins
    opens           of OPENS; it and split are for the picture alone
    returns         weight (layer, head, query, key), computed when touched; group (head), the
                    key-value group a head belongs to, -1 where the layers group theirs
                    differently. With an aggregate weight (layer, query, key).
                    Rows of plain weights sum to 1 unless the model has sinks.
    """
    for what, value, known in (
        ("kind of attention", kind, KINDS),
        ("view to open with", opens, OPENS),
    ):
        if value not in known:
            raise UnknownError(what, value, allowed=known)
    worth = read_weighting(weighting)
    chosen = read_attention_layers(trace, layers)
    read_aggregate(trace, aggregate, weighting, chosen, heads)
    options = {
        "kind": kind, "layers": list(chosen), "weighting": weighting, "aggregate": aggregate,
        "split": _read_split(trace, split), "opens": opens,
    }  # fmt: skip
    words = worth.words if aggregate is None else f"{AGGREGATES[aggregate]}, of {worth.words}"
    attrs = {"units": worth.unit, "long_name": words}
    made = _each if aggregate is None else _together
    dataset = made(trace, chosen, heads, options, attrs)
    noted = noting_absent(trace, "attention", trace.card.heads)
    return finish(dataset, noted, lens="attention", options=options)


def _each(
    trace: Trace,
    layers: tuple[int, ...],
    heads: int | Sequence[int] | None,
    options: dict[str, Any],
    attrs: dict[str, str],
) -> xr.Dataset:
    """Every head by itself."""
    numbers = read_heads(trace, layers, heads)
    options["heads"] = list(numbers)
    T = trace.n_positions

    def compute(layer_rows: Ints, head_rows: Ints) -> Floats:
        asked = [numbers[row] for row in head_rows]
        whole = np.empty((len(layer_rows), len(asked), T, T), dtype=np.float32)
        for place, row in enumerate(layer_rows):
            whole[place] = weighted(trace, layers[row], asked, options["weighting"])
        return whole

    lazy = lazily((len(layers), len(numbers), T, T), compute)
    coords = {
        "head": np.asarray(numbers, dtype=np.int64),
        "group": ("head", _groups(trace, layers, numbers)),
    }
    return _dataset(trace, layers, xr.Variable(("layer", "head", *_SQUARE), lazy, attrs), coords)


def _together(
    trace: Trace,
    layers: tuple[int, ...],
    heads: int | Sequence[int] | None,
    options: dict[str, Any],
    attrs: dict[str, str],
) -> xr.Dataset:
    """The heads of a block as one; without a choice each block's own, however many."""
    numbers = {layer: read_heads(trace, (layer,), heads) for layer in layers}
    options["heads"] = None if heads is None else list(numbers[layers[0]])
    compute = aggregated(trace, layers, numbers, options["weighting"], options["aggregate"])
    lazy = lazily((len(layers), trace.n_positions, trace.n_positions), compute)
    return _dataset(trace, layers, xr.Variable(("layer", *_SQUARE), lazy, attrs), {})


def _dataset(
    trace: Trace, layers: Sequence[int], weight: xr.Variable, coords: dict[str, Any]
) -> xr.Dataset:
    positions = range(trace.n_positions)
    return xr.Dataset(
        {"weight": weight},
        coords={
            "layer": np.asarray(layers, dtype=np.int64),
            **coords,
            **token_coords(trace, positions, "query"),
            **token_coords(trace, positions, "key"),
        },
    )


def _read_split(trace: Trace, split: int | None) -> int | None:
    """The first position of part B; unless said, that of the output, where there is one."""
    T = trace.n_positions
    if split is None:
        return trace.n_prompt if 0 < trace.n_prompt < T else None
    at = read_position(split, T, "split")
    if at == 0:
        raise InvalidError("split", split, allowed="a position after the first")
    return at


def read_attention_layers(trace: Trace, layers: int | Sequence[int] | None) -> tuple[int, ...]:
    """The layers asked for, in their order; those without attention are refused by number."""
    none = "such a block has no attention"
    return read_having(trace, layers, "attention", trace.card.heads, because=none)


def read_heads(
    trace: Trace, layers: Sequence[int], heads: int | Sequence[int] | None
) -> tuple[int, ...]:
    """The heads asked for: numbers that every chosen layer has."""
    counts = {trace.card.heads[layer] for layer in layers}
    if heads is None and len(counts) > 1:
        raise InvalidError(
            "layers", list(layers), allowed="layers with equally many heads",
            fix=f"these have {sorted(counts)}; ask for them one by one",
        )  # fmt: skip
    if heads is None:
        return tuple(range(min(counts)))
    asked = [heads] if isinstance(heads, int) else list(heads)
    numbers = tuple(read_whole("head", head, 0, min(counts) - 1) for head in asked)
    if not numbers or len(set(numbers)) != len(numbers):
        raise InvalidError("heads", heads, allowed="one or more different heads")
    return numbers


def _groups(trace: Trace, layers: Sequence[int], heads: Sequence[int]) -> Ints:
    """(heads,) the key-value group of each, -1 where the layers group their heads differently."""
    card = trace.card
    sizes = {card.heads[layer] // max(1, card.kv_heads[layer]) for layer in layers}
    each = sizes.pop()
    return np.asarray([-1 if sizes else head // each for head in heads], dtype=np.int64)
