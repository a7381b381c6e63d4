"""The attention of two traces side by side: weights when they are touched, heads by difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from ..core.errors import InvalidError
from ..core.progress import steps
from ..core.room import check_room
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .align import Alignment, align
from .attention import attention
from .both import signed_off, slot_coords
from .sight import read_sight

__all__ = ["compare_attention", "head_differences", "total_variation"]

_AXES = ("run", "layer", "head", "query", "key")
#: The number on the axis `run` of what is not a trace's own.
_DIFFERENCE = 2
#: Weights of one run that are compared at once.
_TOGETHER = 1 << 25
#: Each figure of a head with what it is.
FIGURES: Mapping[str, str] = {
    "variation": "total variation between the two rows of a query, mean over the aligned queries",
    "largest": "the largest total variation of a query",
}


def compare_attention(
    a: Trace,
    b: Trace,
    names: tuple[str, str],
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    kind: str = "self",
) -> xr.Dataset:
    """The weights of both and their difference, weight (run, layer, head, query, key).

    kind  "self"; of two encoder-decoders also "decoder", which is that, or "encoder"

    Computed when touched: one head of one run asks for one head of one trace, one head of the
    difference for one head of both. Queries and keys are slots; NaN where a side has no token.
    """
    if kind not in ("self", "decoder", "encoder"):
        raise InvalidError(
            "kind", kind, allowed="'self' in a comparison, whose slots are of one text; of two "
            "encoder-decoders 'decoder', which is the same, or 'encoder'",
            fix="the weights of each are in ct.attention(trace, kind='cross').data",
        )  # fmt: skip
    a, b = (read_sight(trace, kind).trace for trace in (a, b))
    pair = [attention(trace, layers=layers, heads=heads) for trace in (a, b)]
    _check_shape(a, b, pair)
    slots = align(a, b, spans=True)
    lazy = indexing.LazilyIndexedArray(_Both(pair[0]["weight"], pair[1]["weight"], slots))
    every = np.ones(len(slots), dtype=bool)
    dataset = xr.Dataset(
        {"weight": xr.Variable(_AXES, lazy, dict(pair[0]["weight"].attrs))},
        coords={
            **{name: pair[0][name] for name in ("layer", "head", "group")},
            **slot_coords(a, b, slots, "query", every),
            **slot_coords(a, b, slots, "key", every),
        },
    )
    return signed_off(dataset, a, b, pair[0], "attention", names, [f"Tokens: {slots.how}."])


def head_differences(dataset: xr.Dataset) -> xr.Dataset:
    """How much each head differs between the two traces.

    dataset  of compare_attention
    returns  variation, largest (layer, head) of FIGURES; row_variation (layer, head, query) the
             total variation of each query's row, NaN where a side has no such token. One layer is
             held at a time.
    """
    weight = dataset["weight"].isel(run=slice(0, 2))
    rows = np.stack([
        _layer_variation(weight.isel(layer=layer))
        for layer in steps(range(weight.sizes["layer"]), "how heads differ")
    ])  # fmt: skip
    known = rows[..., ~np.isnan(rows).all(axis=(0, 1))]
    heads = {"variation": known.mean(axis=-1), "largest": known.max(axis=-1)}
    found = xr.Dataset(
        {
            name: (("layer", "head"), value, {"long_name": FIGURES[name], "units": "1"})
            for name, value in heads.items()
        },
        coords={
            name: array for name, array in dataset.coords.items()
            if not set(array.dims) & {"run", "key"}
        },
        attrs=dataset.attrs | {"table": "variation"},
    )  # fmt: skip
    return found.assign(row_variation=(("layer", "head", "query"), rows, {"units": "1"}))


def _layer_variation(weight: xr.DataArray) -> Floats:
    """(head, query) of one layer of weights (run, head, query, key), some heads at a time."""
    each = max(1, _TOGETHER // (weight.sizes["query"] * weight.sizes["key"]))
    parts = [
        total_variation(*weight.isel(head=slice(low, low + each)).values)
        for low in range(0, weight.sizes["head"], each)
    ]
    return np.concatenate(parts)


def total_variation(a: Floats, b: Floats) -> Floats:
    """(..., query) half the sum of |b - a| over all keys, 0 to 1; NaN where a side has no query.

    a, b  (..., query, key) weights on common slots, NaN where a side has no token

    A key that one side has not got has no weight there; mass that lies on no token (attention
    sinks) counts as one key more.
    """
    known = ~(np.isnan(a).all(axis=-1) | np.isnan(b).all(axis=-1))
    first, second = np.nan_to_num(a.astype(np.float64)), np.nan_to_num(b.astype(np.float64))
    sinks = np.abs(second.sum(axis=-1) - first.sum(axis=-1))
    gap: Floats = (np.abs(second - first).sum(axis=-1) + sinks) / 2
    return np.where(known, gap, np.nan)


def _check_shape(a: Trace, b: Trace, pair: Sequence[xr.Dataset]) -> None:
    """Refuses models whose heads have no counterparts."""
    shapes = [(a.n_layers, a.card.heads), (b.n_layers, b.card.heads)]
    chosen = [(data["layer"].values.tolist(), data["head"].values.tolist()) for data in pair]
    if shapes[0] != shapes[1] or chosen[0] != chosen[1]:
        raise InvalidError(
            "pair of models for attention", (a.card.name, b.card.name),
            allowed="models of equally many blocks and heads",
            fix="a head has no counterpart in a model of another shape",
        )  # fmt: skip


class _Both(BackendArray):
    """The weights of both and their difference, asked of the two traces where they are indexed."""

    def __init__(self, a: xr.DataArray, b: xr.DataArray, slots: Alignment) -> None:
        self.sides, self.places = (a, b), (slots.a, slots.b)
        self.shape = (3, *a.shape[:-2], len(slots), len(slots))
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Floats:
        """Outer indexing: an integer drops its axis, a slice or an array keeps it."""
        chosen = [
            np.atleast_1d(np.arange(size)[part])
            for size, part in zip(self.shape, key, strict=True)
        ]  # fmt: skip
        lead, (query, k) = chosen[1:-2], chosen[-2:]
        shape = tuple(len(some) for some in chosen)
        self._check_room(shape)
        whole = np.empty(shape, dtype=np.float32)
        rows = {int(run): whole[row] for row, run in enumerate(chosen[0])}
        for side in (0, 1):
            if side in rows or _DIFFERENCE in rows:
                into = rows.setdefault(side, np.empty(shape[1:], dtype=np.float32))
                self._fill(into, side, lead, query, k)
        if _DIFFERENCE in rows:
            np.subtract(rows[1], rows[0], out=rows[_DIFFERENCE])
        if len(set(chosen[0].tolist())) < shape[0]:  # a run that is asked for twice
            whole = np.stack([rows[int(run)] for run in chosen[0]])
        for axis in reversed(range(len(key))):
            if isinstance(key[axis], (int, np.integer)):
                whole = whole.squeeze(axis)
        return whole

    def _check_room(self, shape: tuple[int, ...]) -> None:
        """Of what is asked for, and of one trace's weights, which are computed for it."""
        heads, side = math.prod(shape[1:-2]), max(part.shape[-1] for part in self.sides)
        runs = shape[0] + 2 * (shape[0] == 1)  # a difference alone needs both beside it
        check_room(
            f"the weights of {heads:,} heads of two traces",
            4 * heads * (runs * shape[-2] * shape[-1] + side**2),
            "take them layer by layer: data.weight.sel(layer=[0])",
        )

    def _fill(
        self, into: Floats, side: int, lead: list[NDArray[Any]], query: Ints, key: Ints
    ) -> None:
        """The weights of one trace on the slots asked for, (..., query, key)."""
        array = self.sides[side]
        part = array.isel({str(axis): at for axis, at in zip(array.dims, lead, strict=False)})
        values = part.values
        q, k = self.places[side][query], self.places[side][key]
        places = np.ix_(np.maximum(q, 0), np.maximum(k, 0))
        for head in np.ndindex(values.shape[:-2]):  # one at a time: each is copied
            into[head] = values[head][places]
        into[..., q < 0, :] = np.nan
        into[..., k < 0] = np.nan
