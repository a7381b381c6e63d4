"""Attention weights in memory while several things are made of them, where there is room."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..core.progress import steps
from ..core.room import allowed

__all__ = ["in_memory"]

#: The part of the memory allowed that weights may take while they are held.
_PART = 4


def in_memory(dataset: xr.Dataset) -> xr.Dataset:
    """The same numbers: computed once, here, where they take 2 GB at most; else when touched.

    dataset  of lens.attention or a comparison of two; 2 GB are a quarter of what is allowed
             (core.room)
    """
    weight = dataset["weight"]
    if 4 * weight.size > allowed() // _PART:
        return dataset
    whole = np.empty(weight.shape, dtype=np.float32)
    layers = np.moveaxis(whole, weight.dims.index("layer"), 0)
    for row in steps(range(len(layers)), "looking at every head"):
        layers[row] = weight.isel(layer=row).values
    return dataset.assign(weight=weight.copy(data=whole))
