"""Clusters: neurons as rows, ordered by the group they fire with."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent
from .experts import expert_numbers
from .header import Runs, attribute, header
from .row import token_row
from .spec import Spec

__all__ = ["ROWS", "clusters_spec"]

#: The most rows of one cluster that are drawn; more are thinned evenly, and the page says so.
ROWS = 30
_BY = {
    "shape": "each pattern divided by its length: neurons are alike that fire at the same tokens",
    "value": "patterns as they are: strength counts",
}


def clusters_spec(dataset: xr.Dataset) -> Spec:
    """A heat map of firing patterns, cluster by cluster, with each cluster's size.

    dataset  of clusters: cluster (layer, neuron), activation, size, centre
    """
    options = attribute(dataset, "options")
    cluster = dataset["cluster"].values
    n = options["n"]
    picked = np.concatenate([_thinned(np.flatnonzero(cluster.ravel() == c)) for c in range(n)])
    patterns = _patterns(dataset["activation"].values, picked, gated=options["gated"])
    excluded = list(options["exclude"])
    layer, neuron = np.unravel_index(picked, cluster.shape)
    own = {
        **token_row(dataset),
        "sizes": [int(size) for size in dataset["size"].values],
        "rows_per_cluster": ROWS,
        "silent": options["silent"],
        "by": options["by"],
        "exclude": excluded,
        "layers": [int(number) for number in dataset["layer"].values],
    }
    common = header(
        dataset,
        heading="Which neurons fire alike",
        about=f"k-means over firing patterns, {_BY[options['by']]}. Each row is a neuron, "
        "coloured by its activation as a share of its largest.",
        sentence=_sentence(dataset, own["sizes"], own["inputs"]),
    )
    arrays: dict[str, NDArray[Any]] = {
        "pattern": np.rint(255 * patterns).astype(np.uint8),
        "cluster": cluster.ravel()[picked].astype(np.int32),
        "layer": dataset["layer"].values[layer].astype(np.int32),
        "neuron": dataset["neuron"].values[neuron].astype(np.int32),
        "centre": dataset["centre"].values.astype(np.float32),
    }
    arrays |= {name: found[layer, neuron] for name, found in expert_numbers(dataset).items()}
    return Spec("clusters", common | own, arrays)


def _thinned(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) <= ROWS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, ROWS).round().astype(np.int64)]


def _patterns(
    values: NDArray[np.float32], picked: NDArray[np.int64], *, gated: bool
) -> NDArray[np.float32]:
    """(rows, position) shares of each row's largest activation, 0..1."""
    rows = np.nan_to_num(values.reshape(-1, values.shape[-1])[picked])
    rows = np.abs(rows) if gated else np.maximum(rows, 0)
    most = np.maximum(rows.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return np.asarray(rows / most, dtype=np.float32)


def _sentence(dataset: xr.Dataset, sizes: list[int], inputs: list[str]) -> Runs:
    biggest = int(np.argmax(sizes))
    peak = int(np.nanargmax(dataset["centre"].values[biggest]))
    total = sum(sizes)
    return [
        ["b", str(len(sizes))], ["", f" clusters of {total:,} neurons. The largest, "],
        ["b", f"cluster {biggest}"], ["", f", holds {sizes[biggest]:,} ("],
        ["b", percent(sizes[biggest] / total)], ["", ") and is strongest at "],
        ["in", inputs[peak]], ["", "."],
    ]  # fmt: skip
