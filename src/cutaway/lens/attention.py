"""Attention of every head, computed when it is touched: one head asks for one head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import as_list, read_position, read_whole
from ..core.choices import read_choice
from ..core.errors import InvalidError
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .aggregate import AGGREGATES, BOTH_TEXTS, aggregated, read_aggregate
from .attention_kind import AttentionKind, read_attention_kind
from .attention_memory import attention_memory
from .dataset import finish, token_coords
from .layers_with import noting_absent
from .lazy import lazily
from .weighting import read_weighting, weighted

__all__ = ["OPENS", "attention", "read_attention_layers", "read_heads", "read_heads_of"]

#: Whose attention: that of the text on itself, which "decoder" means as well; of an
#: encoder-decoder's source on itself; of its target on its source.
KINDS = ("self", "decoder", "encoder", "cross")
#: What a picture opens with: the grid of all heads, or the heads of one layer as lines.
OPENS = ("model", "heads")
_GRID = ("query", "key")


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
    kind            of KINDS; all but "self" of an encoder-decoder alone
    weighting       of WEIGHTINGS: what a cell holds
    aggregate       of AGGREGATES: the heads of a block as one; None: each by itself
    split           the first position of part B, 1..T-1; None: where the second of two
                    texts begins, or the output
    opens           of OPENS; it and split are for the picture alone
    returns         weight (layer, head, query, key), computed when touched; group (head), the
                    key-value group a head belongs to, -1 where the layers group theirs
                    differently. With an aggregate weight (layer, query, key).
                    Rows of plain weights sum to 1 unless the model has sinks. The keys of "cross"
                    are the source's S tokens. attrs["kind"]: "self", or of an encoder-decoder
                    "decoder", "encoder" or "cross"
    """
    for what, value, known in (
        ("kind of attention", kind, KINDS),
        ("view to open with", opens, OPENS),
    ):
        read_choice(what, value, known)
    attended = read_attention_kind(trace, kind)
    worth = read_weighting(weighting)
    chosen = attended.layers(layers)
    read_aggregate(attended.trace, aggregate, weighting, chosen, heads)
    options = {
        "kind": kind, "layers": list(chosen), "weighting": weighting, "aggregate": aggregate,
        "split": _read_split(attended, split), "opens": opens,
    }  # fmt: skip
    if aggregate is None:
        numbers = read_heads_of(attended.heads, chosen, heads)
        dataset = _each(attended, chosen, numbers, weighting)
    else:
        by_layer = {layer: read_heads_of(attended.heads, (layer,), heads) for layer in chosen}
        numbers = by_layer[chosen[0]]
        dataset = _together(attended, chosen, by_layer, weighting, aggregate)
    options["heads"] = None if aggregate is not None and heads is None else list(numbers)
    words = worth.words
    if aggregate is not None:
        under = aggregate == "rollout" and attended.trace.encoder is not None
        words = f"{AGGREGATES[aggregate]}{BOTH_TEXTS if under else ''}, of {words}"
    dataset["weight"].attrs.update(units=worth.unit, long_name=words)
    dataset.attrs["kind"] = attended.kind
    noted = noting_absent(attended.trace, "attention", attended.heads)
    return finish(dataset, noted, lens="attention", options=options)


def _each(
    attended: AttentionKind, layers: tuple[int, ...], numbers: tuple[int, ...], weighting: str
) -> xr.Dataset:
    """Every head by itself."""
    trace, T, S = attended.trace, attended.trace.n_positions, attended.keys.n_positions

    def compute(layer_rows: Ints, head_rows: Ints) -> Floats:
        asked = [numbers[row] for row in head_rows]
        whole = np.empty((len(layer_rows), len(asked), T, S), dtype=np.float32)
        for place, row in enumerate(layer_rows):
            whole[place] = weighted(trace, layers[row], asked, weighting, cross=attended.cross)
        return whole

    takes = attention_memory(attended, layers, weighting).of_heads
    lazy = lazily((len(layers), len(numbers), T, S), compute, takes)
    coords = {
        "head": np.asarray(numbers, dtype=np.int64),
        "group": ("head", _groups(attended, layers, numbers)),
    }
    return _dataset(attended, layers, xr.Variable(("layer", "head", *_GRID), lazy), coords)


def _together(
    attended: AttentionKind,
    layers: tuple[int, ...],
    numbers: Mapping[int, Sequence[int]],
    weighting: str,
    aggregate: str,
) -> xr.Dataset:
    """The heads of a block as one; without a choice each block's own, however many."""
    compute = aggregated(
        attended.trace, layers, numbers, weighting, aggregate, cross=attended.cross
    )
    shape = len(layers), attended.trace.n_positions, attended.keys.n_positions
    memory = attention_memory(attended, layers, weighting)
    lazy = lazily(shape, compute, lambda n_layers: memory.of_aggregate(n_layers, aggregate))
    return _dataset(attended, layers, xr.Variable(("layer", *_GRID), lazy), {})


def _dataset(
    attended: AttentionKind, layers: Sequence[int], weight: xr.Variable, coords: dict[str, Any]
) -> xr.Dataset:
    return xr.Dataset(
        {"weight": weight},
        coords={
            "layer": np.asarray(layers, dtype=np.int64),
            **coords,
            **token_coords(attended.trace, range(attended.trace.n_positions), "query"),
            **token_coords(attended.keys, range(attended.keys.n_positions), "key"),
        },
    )


def _read_split(attended: AttentionKind, split: int | None) -> int | None:
    """The first position of part B; unless said, the second of two texts, or the output."""
    T, n_prompt = attended.trace.n_positions, attended.trace.n_prompt
    if attended.cross:
        if split is None:
            return None
        raise InvalidError("split", split, allowed="None of cross-attention: it has two texts")
    if split is None and 1 in attended.trace.tokens.segments:
        return attended.trace.tokens.segments.index(1)
    if split is None:
        return n_prompt if 0 < n_prompt < T else None
    at = read_position(split, T, "split")
    if at == 0:
        raise InvalidError("split", split, allowed="a position after the first")
    return at


def read_attention_layers(trace: Trace, layers: int | Sequence[int] | None) -> tuple[int, ...]:
    """The layers asked for, in their order; those without attention are refused by number."""
    return read_attention_kind(trace, "self").layers(layers)


def read_heads(
    trace: Trace, layers: Sequence[int], heads: int | Sequence[int] | None
) -> tuple[int, ...]:
    """The heads asked for: numbers that every chosen layer has."""
    return read_heads_of(trace.card.heads, layers, heads)


def read_heads_of(
    of: Sequence[int], layers: Sequence[int], heads: int | Sequence[int] | None
) -> tuple[int, ...]:
    """The same of blocks that have so many heads each."""
    counts = {of[layer] for layer in layers}
    if heads is None and len(counts) > 1:
        raise InvalidError(
            "layers", list(layers), allowed="layers with equally many heads",
            fix=f"these have {sorted(counts)}; ask for them one by one",
        )  # fmt: skip
    if heads is None:
        return tuple(range(min(counts)))
    most = min(counts) - 1
    numbers = tuple(read_whole("head", head, 0, most) for head in as_list(heads))
    if not numbers or len(set(numbers)) != len(numbers):
        raise InvalidError("heads", heads, allowed="one or more different heads")
    return numbers


def _groups(attended: AttentionKind, layers: Sequence[int], heads: Sequence[int]) -> Ints:
    """(heads,) the key-value group of each, -1 where the layers group their heads differently."""
    sizes = {attended.heads[layer] // max(1, attended.kv_heads[layer]) for layer in layers}
    each = sizes.pop()
    return np.asarray([-1 if sizes else head // each for head in heads], dtype=np.int64)
