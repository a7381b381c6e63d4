"""The weights of heads as a page carries them: thumbnails of all, rows of bytes of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.progress import steps

__all__ = [
    "SIDE", "Bytes", "Packed", "Thumbnails", "packed", "packed_bytes", "packed_heads",
    "thumbnails",
]  # fmt: skip

#: The most rows and columns of a thumbnail.
SIDE = 32

Bytes = NDArray[np.uint8]
Floats = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Packed:
    """Some heads as bytes.

    levels  uint8 (head, entry): 255 times the square root of each weight, off by 0.004 at most;
            row by row, of a square where nothing looks ahead the lower triangle
    total   float32 (head, query), what each row was divided by; None for weights, kept as they are
    """

    levels: Bytes
    total: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Every head as uint8 (layer, head, S, S), max-pooled, in the levels of Packed.

    Of weights on another text its rows and columns are pooled each by itself.

    rest    the same without the first token
    causal  whether no head looks ahead; weights on another text never are
    first   the mean share of the first token in the rows of the others
    """

    whole: Bytes
    rest: Bytes
    causal: bool
    first: float


def _squares(weight: xr.DataArray, row: int, heads: Sequence[int] | None = None) -> Floats:
    """(H, T, T) the weights of a row of the layer axis, or (H, T, S) on another text.

    An aggregate counts as one head.
    """
    one = weight.isel(layer=row)
    if "head" not in one.dims:
        return np.asarray(one.values)[None]
    return np.asarray((one if heads is None else one.isel(head=list(heads))).values)


def _is_share(weight: xr.DataArray) -> bool:
    """Whether the cells lie in 0..1 already."""
    return bool(weight.attrs["units"] == "1")


def thumbnails(weight: xr.DataArray, same: bool = True) -> Thumbnails:
    """Every head in small; one layer of weights is held at a time.

    same  whether queries and keys are of one text
    """
    rows = [  # the weights of one layer are let go of before the next
        _in_small(_squares(weight, row), shares=_is_share(weight))
        for row in steps(range(weight.sizes["layer"]), "drawing heads")
    ]
    return Thumbnails(
        np.stack([row.whole for row in rows]),
        np.stack([row.rest for row in rows]),
        same and all(row.causal for row in rows),
        float(np.mean([row.first for row in rows])),
    )


def _in_small(weights: Floats, *, shares: bool) -> Thumbnails:
    """The heads of one layer, (head, S, S)."""
    whole = weights if shares else _shares(weights)[0]
    return Thumbnails(
        _pooled(whole),
        np.concatenate([_pooled(_without_first(head[None])) for head in weights]),
        not any(np.triu(head, 1).any() for head in weights),
        float(whole[:, 1:, 0].mean()) if whole.shape[-1] > 1 else 1.0,
    )


def packed(weight: xr.DataArray, place: NDArray[np.int32], causal: bool) -> Packed:
    """The heads that a page has room for, layer by layer.

    place  (layer, head) which of the rows packed is a head's, -1 for none
    """
    T, count = weight.sizes["query"], int(place.max()) + 1
    levels = np.empty((count, packed_bytes(weight, causal)), dtype=np.uint8)
    total = None if _is_share(weight) else np.empty((count, T), dtype=np.float32)
    for layer, rows in steps(list(enumerate(place)), "packing heads"):
        heads = np.flatnonzero(rows >= 0)
        if len(heads):
            one = packed_heads(weight, layer, heads.tolist(), causal)
            levels[rows[heads]] = one.levels
            if total is not None and one.total is not None:
                total[rows[heads]] = one.total
    return Packed(levels, total)


def packed_heads(weight: xr.DataArray, row: int, heads: Sequence[int], causal: bool) -> Packed:
    """Some heads of one row of the layer axis."""
    whole = _squares(weight, row, heads)
    total = None
    if not _is_share(weight):
        whole, total = _shares(whole)
    seen = np.tri(whole.shape[-1], dtype=bool) if causal else np.ones(whole.shape[-2:], dtype=bool)
    return Packed(_rooted(whole[:, seen]), total)


def packed_bytes(weight: xr.DataArray, causal: bool) -> int:
    """Bytes of one head."""
    T, S = weight.sizes["query"], weight.sizes["key"]
    return T * (T + 1) // 2 if causal else T * S


def _shares(whole: Floats) -> tuple[Floats, NDArray[np.float32]]:
    """(H, T, T) rows divided by their sums, or all 0; and the sums (H, T)."""
    total = whole.sum(axis=-1, dtype=np.float64)
    sums = total[..., None]
    shares = np.divide(whole, sums, out=np.zeros(whole.shape), where=sums > 0)
    return shares, total.astype(np.float32)


def _without_first(whole: Floats) -> Floats:
    """(..., T, T) weights with the first key taken out and each row summing to 1, or all 0."""
    others = np.array(whole)
    others[..., 0] = 0
    return _shares(others)[0]


def _pooled(whole: Floats) -> Bytes:
    """(H, T, T) weights as (H, S, S) the largest of each box, so that a single cell survives."""
    boxes = whole
    for axis in (-1, -2):
        size = whole.shape[axis]
        side = min(SIDE, size)
        boxes = np.maximum.reduceat(boxes, np.arange(side) * size // side, axis=axis)
    return _rooted(boxes)


def _rooted(weights: Floats) -> Bytes:
    """255 times the square root: small weights keep their order, where even steps lose them."""
    levels: Bytes = np.rint(255 * np.sqrt(np.clip(weights, 0, 1))).astype(np.uint8)
    return levels
