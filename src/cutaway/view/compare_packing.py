"""The weights of two runs as bytes: thumbnails of their difference, and heads at full size."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import UnknownError
from ..core.progress import steps

__all__ = ["SIDE", "heads_that_fit", "levels", "pair_head", "pair_thumbnails", "pair_weights"]

#: The most rows and columns of a thumbnail.
SIDE = 24
#: Whole parts of a weight of 1.
_PARTS = 65_535

Floats = NDArray[Any]


def pair_head(dataset: xr.Dataset, layer: int, head: int, causal: bool) -> NDArray[np.uint16]:
    """(2, entry) one head of both runs, by its numbers, as a page holds it.

    Raises UnknownError for a head that is not there.
    """
    for axis, number in (("layer", layer), ("head", head)):
        if number not in dataset[axis].values:
            raise UnknownError(axis, number, allowed=dataset[axis].values.tolist())
    both = dataset["weight"].isel(run=slice(0, 2)).sel(layer=layer, head=head).values
    return levels(np.nan_to_num(both[..., _seen(both.shape[-2:], causal)]))


def pair_thumbnails(weight: xr.DataArray, square: bool = True) -> tuple[NDArray[np.uint8], bool]:
    """The thumbnails of the differences, and whether no head looks ahead.

    square  whether queries and keys are of one text; of two none looks ahead or back
    """
    made, causal = [], square
    for layer in steps(range(weight.sizes["layer"]), "drawing heads"):
        first, second = np.nan_to_num(weight.isel(run=slice(0, 2), layer=layer).values)
        causal = causal and not (np.triu(first, 1).any() or np.triu(second, 1).any())
        made.append(_pooled(second - first))
    return np.stack(made), causal


def _pooled(gap: Floats) -> NDArray[np.uint8]:
    """(H, Q, K) differences as (H, S, S'), of each box the one farthest from 0."""
    down, across = (np.arange(min(SIDE, N)) * N // min(SIDE, N) for N in gap.shape[-2:])
    ends = [
        pool.reduceat(pool.reduceat(gap, across, axis=-1), down, axis=-2)
        for pool in (np.minimum, np.maximum)
    ]
    far = np.where(-ends[0] > ends[1], ends[0], ends[1])
    found: NDArray[np.uint8] = np.rint(128 + 127 * np.sign(far) * np.sqrt(np.abs(far)))
    return found.astype(np.uint8)


def levels(shares: Floats) -> NDArray[np.uint16]:
    """Shares 0..1 in 65,535ths."""
    levels: NDArray[np.uint16] = np.rint(_PARTS * np.clip(shares, 0, 1)).astype(np.uint16)
    return levels


def heads_that_fit(dataset: xr.Dataset, causal: bool, budget: int) -> NDArray[np.int32]:
    """(layer, head) the row of a head's weights, -1 for none: by variation, as many as fit."""
    N = dataset.sizes["query"]
    each = 4 * (N * (N + 1) // 2 if causal else N * dataset.sizes["key"])
    variation = dataset["variation"].values
    kept = np.argsort(-variation, axis=None, kind="stable")[: max(1, budget // each)]
    place = np.full(variation.size, -1, dtype=np.int32)
    place[np.sort(kept)] = np.arange(len(kept))
    return place.reshape(variation.shape)


def pair_weights(
    weight: xr.DataArray, place: NDArray[np.int32], causal: bool
) -> dict[str, NDArray[np.uint16]]:
    """first, second (embedded head, entry), layer by layer; 0 where a side has no token."""
    seen = _seen((weight.sizes["query"], weight.sizes["key"]), causal)
    packed = np.empty((2, int(place.max()) + 1, int(seen.sum())), dtype=np.uint16)
    for layer, rows in steps(list(enumerate(place)), "packing heads"):
        heads = np.flatnonzero(rows >= 0)
        if len(heads):
            both = weight.isel(run=slice(0, 2), layer=layer, head=heads).values
            packed[:, rows[heads]] = levels(np.nan_to_num(both[..., seen]))
    return {"first": packed[0], "second": packed[1]}


def _seen(shape: tuple[int, ...], causal: bool) -> NDArray[np.bool_]:
    """(query, key) the entries that are kept, row by row."""
    return np.tri(*shape, dtype=np.bool_) if causal else np.ones(shape, dtype=bool)
