"""Embeddings as a dataset; likeness, neighbours and directions read from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..core.vectors import cosines, unit
from ..trace.card import ModelCard
from ..trace.source import Floats
from .dataset import strings

__all__ = ["MOST_SQUARED", "combined", "embeddings", "neighbours", "projected", "similarity"]

#: The most texts whose every two are compared: a grid of 1.6 GB.
MOST_SQUARED = 20_000


def embeddings(
    vectors: Floats,
    texts: Sequence[str],
    card: ModelCard,
    options: Mapping[str, Any],
    token_ids: Sequence[int] | None = None,
) -> xr.Dataset:
    """embedding (run, channel): a vector for each text.

    token_ids  (n,) where the texts are entries of a vocabulary: the coordinate token_id (run)
    """
    coords: dict[str, Any] = {"run": strings(texts), "channel": np.arange(vectors.shape[1])}
    if token_ids is not None:
        coords["token_id"] = ("run", np.asarray(token_ids, dtype=np.int64))
    dataset = xr.Dataset(
        {"embedding": (("run", "channel"), vectors, {"units": "1"})}, coords=coords
    )
    dataset.attrs.update(
        lens="embed",
        options=json.dumps(dict(options), ensure_ascii=False),
        model=json.dumps(card.to_json(), ensure_ascii=False),
        run=json.dumps({"texts" if token_ids is None else "tokens": len(texts)}),
        notes="[]",
    )
    return dataset


def similarity(dataset: xr.Dataset) -> xr.DataArray:
    """(run, other) the cosine of every two texts' vectors, -1 to 1; 1 on the diagonal.

    Raises InvalidError for more than 20,000 texts, whose grid would fill the memory.
    """
    n = dataset.sizes["run"]
    if n > MOST_SQUARED:
        raise InvalidError(
            "number of texts", n, allowed=f"at most {MOST_SQUARED:,}: a grid of every two of these "
            f"would take {4 * n * n:,} bytes", fix="ask for the nearest of one: .nearest(text)",
        )  # fmt: skip
    vectors, names = dataset["embedding"].values, dataset["run"].values
    return xr.DataArray(
        cosines(vectors, vectors).astype(np.float32), dims=("run", "other"),
        coords={"run": names, "other": names}, name="similarity",
        attrs={"units": "1", "long_name": "cosine of two texts' vectors"},
    )  # fmt: skip


def combined(plus: Sequence[Floats], minus: Sequence[Floats]) -> NDArray[np.float64]:
    """(channel,) the sum of some vectors less others, each of length 1 first (3CosAdd).

    Source: Mikolov et al. 2013, https://aclanthology.org/N13-1090; Levy and Goldberg 2014,
    https://aclanthology.org/W14-1618, equation 2.
    """
    total: NDArray[np.float64] = unit(np.stack(plus)).sum(0) - unit(np.stack(minus)).sum(0)
    return total


def neighbours(
    dataset: xr.Dataset,
    found: tuple[NDArray[np.int64], NDArray[np.float64]],
    options: Mapping[str, Any],
) -> xr.Dataset:
    """The rows found, best first: similarity (k), text (k), of tokens also token_id (k).

    found  places (k) of rows of `embedding` and their cosines (k)
    """
    places, close = found
    near = xr.Dataset(
        {
            "similarity": ("k", close.astype(np.float32),
                           {"units": "1", "long_name": "cosine with the query"}),
            "text": ("k", dataset["run"].values[places], {"units": "text"}),
        },
        coords={"k": np.arange(len(places))},
    )  # fmt: skip
    if "token_id" in dataset:
        near["token_id"] = ("k", dataset["token_id"].values[places], {"units": "1"})
    return _asked(near, dataset, "nearest", options)


def projected(
    dataset: xr.Dataset, start: Floats, end: Floats, options: Mapping[str, Any]
) -> xr.Dataset:
    """projection (run): where each vector lies along the line from one, 0, to another, 1.

    Raises InvalidError where both are the same.
    """
    begin = np.asarray(start, np.float64)
    line = np.asarray(end, np.float64) - begin
    length = float(line @ line)
    if not length:
        raise InvalidError("end", "the start", allowed="another text: two make a direction")
    along = (dataset["embedding"].values @ line - begin @ line) / length
    told = {"units": "1", "long_name": "0 at the start, 1 at the end"}
    place = xr.Dataset(
        {"projection": ("run", along.astype(np.float32), told)},
        coords={name: dataset[name] for name in ("run", "token_id") if name in dataset.coords},
    )
    return _asked(place, dataset, "projection", options)


def _asked(
    answer: xr.Dataset, dataset: xr.Dataset, lens: str, options: Mapping[str, Any]
) -> xr.Dataset:
    """The answer with where its numbers come from: the embeddings', and what was asked of them."""
    made = json.loads(dataset.attrs["options"])
    own = json.dumps({**made, **options}, ensure_ascii=False)
    answer.attrs.update({**dataset.attrs, "lens": lens, "options": own})
    return answer
