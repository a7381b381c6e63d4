"""Embeddings of texts as a dataset; likeness, neighbours and directions read from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..trace.card import ModelCard
from ..trace.source import Floats
from .dataset import strings

__all__ = ["embeddings", "nearest", "projected", "similarity"]


def embeddings(
    vectors: Floats, texts: Sequence[str], card: ModelCard, options: Mapping[str, Any]
) -> xr.Dataset:
    """embedding (run, channel): a vector for each text."""
    dataset = xr.Dataset(
        {"embedding": (("run", "channel"), vectors, {"units": "1"})},
        coords={"run": strings(texts), "channel": np.arange(vectors.shape[1])},
    )
    dataset.attrs.update(
        lens="embed",
        options=json.dumps(dict(options), ensure_ascii=False),
        model=json.dumps(card.to_json(), ensure_ascii=False),
        run=json.dumps({"texts": len(texts)}),
        notes="[]",
    )
    return dataset


def similarity(dataset: xr.Dataset) -> xr.DataArray:
    """(run, other) the cosine of every two texts' vectors, -1 to 1; 1 on the diagonal."""
    unit = _unit(dataset["embedding"].values)
    names = dataset["run"].values
    return xr.DataArray(
        (unit @ unit.T).astype(np.float32), dims=("run", "other"),
        coords={"run": names, "other": names}, name="similarity",
        attrs={"units": "1", "long_name": "cosine of two texts' vectors"},
    )  # fmt: skip


def nearest(dataset: xr.Dataset, vector: Floats, k: int) -> xr.Dataset:
    """The k texts whose vectors have the largest cosine with one: similarity (k), text (k).

    Every text is looked at: the answer is exact.
    """
    every = _unit(dataset["embedding"].values)
    close = every @ _unit(np.asarray(vector, dtype=np.float64)[None])[0]
    best = np.argsort(-close, kind="stable")[:k]
    return xr.Dataset(
        {
            "similarity": ("k", close[best].astype(np.float32), {"units": "1"}),
            "text": ("k", dataset["run"].values[best]),
        },
        coords={"k": np.arange(len(best))},
    )


def projected(dataset: xr.Dataset, start: Floats, end: Floats) -> xr.DataArray:
    """(run) where each vector lies along the line from one, 0, to another, 1.

    Raises InvalidError where both are the same.
    """
    line = np.asarray(end, np.float64) - np.asarray(start, np.float64)
    length = float(line @ line)
    if not length:
        raise InvalidError("end", "the start", allowed="another text: two make a direction")
    along = (dataset["embedding"].values - np.asarray(start, np.float64)) @ line / length
    return xr.DataArray(
        along.astype(np.float32), dims=("run",), coords={"run": dataset["run"].values},
        name="projection", attrs={"units": "1", "long_name": "0 at the start, 1 at the end"},
    )  # fmt: skip


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Rows of length 1, in float64; a row of zeros stays one."""
    rows = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return unit
