"""Attention weights of every head, computed when they are touched: one head asks for one head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from ..core.axes import read_whole
from ..core.errors import InvalidError, UnknownError
from ..trace.source import Floats
from ..trace.trace import Trace
from .dataset import finish, token_coords
from .having import read_having

__all__ = ["attention", "read_attention_layers", "read_heads"]

KINDS = ("self",)


def attention(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    kind: str = "self",
) -> xr.Dataset:
    """The weight of every query position on every key position, by layer and head.

    layers, heads   None: every block with attention, every head; the numbers are kept
    returns         weight (layer, head, query, key), computed when touched; group (head), the
                    key-value group a head belongs to. Rows sum to 1 unless the model has sinks.
    """
    if kind not in KINDS:
        raise UnknownError("kind of attention", kind, allowed=KINDS)
    chosen = read_attention_layers(trace, layers)
    numbers = read_heads(trace, chosen, heads)
    lazy = indexing.LazilyIndexedArray(_Weights(trace, chosen, numbers))
    axes = ("layer", "head", "query", "key")
    dataset = xr.Dataset(
        {"weight": xr.Variable(axes, lazy, {"units": "1"})},
        coords={
            "layer": np.asarray(chosen, dtype=np.int64),
            "head": np.asarray(numbers, dtype=np.int64),
            "group": ("head", _groups(trace, chosen[0], numbers)),
            **token_coords(trace, range(trace.n_positions), "query"),
            **token_coords(trace, range(trace.n_positions), "key"),
        },
    )
    options = {"kind": kind, "layers": list(chosen), "heads": list(numbers)}
    return finish(dataset, trace, lens="attention", options=options)


def read_attention_layers(trace: Trace, layers: int | Sequence[int] | None) -> tuple[int, ...]:
    """The layers asked for, in their order; those without attention are refused by number."""
    return read_having(trace, layers, "attention", trace.card.heads)


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


def _groups(trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
    each = trace.card.heads[layer] // max(1, trace.card.kv_heads[layer])
    return np.asarray([head // each for head in heads], dtype=np.int64)


class _Weights(BackendArray):
    """The weights as an array that asks its trace for the layers and heads that are indexed."""

    def __init__(self, trace: Trace, layers: Sequence[int], heads: Sequence[int]) -> None:
        self.trace, self.layers, self.heads = trace, layers, heads
        T = trace.n_positions
        self.shape = (len(layers), len(heads), T, T)
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Floats:
        """Outer indexing: an integer drops its axis, a slice or an array keeps it."""
        layer_rows, head_rows = (
            np.atleast_1d(np.arange(size)[part])
            for size, part in zip(self.shape[:2], key[:2], strict=True)
        )
        heads = [self.heads[row] for row in head_rows]
        shape = (len(layer_rows), len(heads), *self.shape[2:])
        whole = np.empty(shape, dtype=np.float32)  # (layers asked, heads asked, T, T)
        for place, row in enumerate(layer_rows):
            whole[place] = self.trace.source.attention(self.trace, self.layers[row], heads)
        for axis in (3, 2, 1, 0):
            part = key[axis]
            if axis < 2:
                whole = whole.squeeze(axis) if isinstance(part, (int, np.integer)) else whole
            else:
                whole = whole[(slice(None),) * axis + (part,)]
        return whole
