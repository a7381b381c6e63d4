"""The attention of two traces side by side: weights when they are touched, heads by difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from ..core.errors import InvalidError
from ..core.progress import steps
from ..trace.source import Floats
from ..trace.trace import Trace
from .attention import attention
from .attention_kind import AttentionKind, read_attention_kind
from .attention_memory import attention_memory
from .comparison import Comparison
from .lazy_difference import Takes

__all__ = ["compare_attention", "head_differences", "total_variation"]

#: Weights of one run that are compared at once.
_TOGETHER = 1 << 25
#: Of these, numbers that are widened to float64 at once.
_WIDENED = 1 << 20
#: Each figure of a head with what it is.
FIGURES: Mapping[str, str] = {
    "variation": "total variation between the two rows of a query, mean over the aligned queries",
    "largest": "the largest total variation of a query",
}


def compare_attention(
    a: Trace,
    b: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    kind: str = "self",
) -> Comparison:
    """The weights of both, weight (layer, head, query, key), when they are touched.

    kind  "self"; of two encoder-decoders also "decoder", which is that, "encoder", or "cross",
          whose queries are slots of both targets and keys slots of both sources
    """
    first, second = (attention(t, layers=layers, heads=heads, kind=kind) for t in (a, b))
    kinds = read_attention_kind(a, kind), read_attention_kind(b, kind)
    _check_shape(kinds, (first, second))
    return Comparison(
        kinds[0].trace, kinds[1].trace, (first, second),
        ("query",) if kinds[0].cross else ("query", "key"),
        source_axes=("key",) if kinds[0].cross else (), spans=True,
        lazy=_takes(kinds, first["layer"].values.tolist()),
    )  # fmt: skip


def _takes(kinds: tuple[AttentionKind, AttentionKind], layers: Sequence[int]) -> Takes:
    """What is kept of both texts, and the weights of the one that takes more."""
    memories = [attention_memory(attended, layers) for attended in kinds]

    def takes(n_layers: int, n_heads: int) -> int:
        made = max(memory.of_heads(n_layers, n_heads) - memory.held for memory in memories)
        return sum(memory.held for memory in memories) + made

    return takes


def head_differences(dataset: xr.Dataset) -> xr.Dataset:
    """How much each head differs between the two traces.

    dataset  of a comparison of attention
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
    keys = a.shape[-1]
    rows, size = (a.reshape(-1, keys), b.reshape(-1, keys)), max(1, _WIDENED // keys)
    found = [
        _of_rows(*(side[low : low + size] for side in rows)) for low in range(0, len(rows[0]), size)
    ]
    return np.concatenate(found).reshape(a.shape[:-1])


def _of_rows(a: Floats, b: Floats) -> Floats:
    """(N,) the total variation of (N, key) rows."""
    known = ~(np.isnan(a).all(axis=-1) | np.isnan(b).all(axis=-1))
    first, second = np.nan_to_num(a.astype(np.float64)), np.nan_to_num(b.astype(np.float64))
    sinks = np.abs(second.sum(axis=-1) - first.sum(axis=-1))
    gap: Floats = (np.abs(second - first).sum(axis=-1) + sinks) / 2
    return np.where(known, gap, np.nan)


def _check_shape(
    kinds: tuple[AttentionKind, AttentionKind], pair: tuple[xr.Dataset, xr.Dataset]
) -> None:
    """Refuses models whose heads have no counterparts."""
    shapes = [(attended.trace.n_layers, attended.heads) for attended in kinds]
    chosen = [(data["layer"].values.tolist(), data["head"].values.tolist()) for data in pair]
    if shapes[0] != shapes[1] or chosen[0] != chosen[1]:
        raise InvalidError(
            "pair of models for attention", tuple(attended.trace.card.name for attended in kinds),
            allowed="models of equally many blocks and heads",
            fix="a head has no counterpart in a model of another shape",
        )  # fmt: skip
