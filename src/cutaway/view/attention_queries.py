"""A page of attention that holds queries and keys, and computes each head's weights itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent
from .attention import attention_spec
from .spec import Spec

__all__ = ["queries_spec"]


def queries_spec(dataset: xr.Dataset, queries: xr.Dataset) -> Spec:
    """The picture of attention with queries and keys in the place of weights.

    dataset  as attention_spec takes it, of plain weights;  queries  of lens.float16_queries

    arrays besides thumbnails, place (all -1) and figures: query (layer x head, T, d), key (layer x
    group, T, d) uint16, the bits of float16; where there are sinks, sink float32 (layer, head).
    header["queries"]: scale, cap, window, causal by layer (cap, window null where there is none);
    of, the row of `key` that each head of a layer uses; groups of a layer; error.
    """
    spec = attention_spec(dataset, budget=0)
    heads, groups = spec.header["heads"], queries.sizes["group"]
    error = float(queries.attrs["error"])
    recipe: dict[str, Any] = {
        "scale": queries["scale"].values.tolist(),
        "cap": [None if np.isnan(cap) else cap for cap in queries["cap"].values.tolist()],
        "window": [window or None for window in queries["window"].values.tolist()],
        "causal": queries["causal"].values.tolist(),
        "of": spec.header["groups"],
        "groups": groups,
        "error": error,
    }
    own = {
        "queries": recipe,
        "embedded": f"All {spec.arrays['place'].size:,} heads are computed in this page, from "
        "queries and keys in half precision: a weight is off by at most "
        f"{percent(error)[:-2]} percentage points.",
    }
    arrays: dict[str, NDArray[Any]] = {
        name: array for name, array in spec.arrays.items() if name != "weights"
    }
    arrays["query"] = _rows(queries["query"])
    arrays["key"] = _rows(queries["key"])
    sinks = queries["sink"].values
    if np.isfinite(sinks).any():
        arrays["sink"] = sinks.astype(np.float32).reshape(-1, len(heads))
    return Spec("attention", {**spec.header, **own}, arrays, later=("query", "key"))


def _rows(vectors: xr.DataArray) -> NDArray[np.uint16]:
    """(layer, head, T, d) float16 -> (layer x head, T, d) their bits."""
    bits: NDArray[np.uint16] = np.ascontiguousarray(vectors.values).view(np.uint16)
    return bits.reshape(-1, *vectors.shape[2:])
