"""Of every position the head that looks most at one earlier token."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["strongest_attention"]


def strongest_attention(attention: xr.Dataset) -> xr.Dataset:
    """At every position the largest weight on one token other than the first and itself.

    attention  of lens.attention: weight (layer, head, query, key); one layer is held at a time
    returns    weight, and the layer, head and key it belongs to, by position; NaN and -1 where no
               such token is seen
    """
    T = attention.sizes["query"]
    best = {name: np.full(T, -1, dtype=np.int64) for name in ("layer", "head", "key")}
    weight = np.full(T, -np.inf)
    others = ~np.eye(T, dtype=bool)
    others[:, 0] = False
    for row, layer in enumerate(attention["layer"].values.tolist()):
        whole = np.where(others, attention["weight"].isel(layer=row).values, 0)  # (head, T, T)
        flat = whole.transpose(1, 0, 2).reshape(T, -1)
        place = flat.argmax(axis=1)
        largest = flat[np.arange(T), place]
        head, key = np.divmod(place, T)
        better = (largest > weight) & (largest > 0)
        for name, found in (
            ("layer", np.full(T, layer)), ("head", attention["head"].values[head]), ("key", key),
        ):  # fmt: skip
            best[name] = np.where(better, found, best[name])
        weight = np.where(better, largest, weight)
    found = xr.Dataset(
        {"weight": ("position", np.where(np.isfinite(weight), weight, np.nan), {"units": "1"})}
    )
    return found.assign({name: ("position", values) for name, values in best.items()})
