"""The race: rank and probability of chosen tokens after each layer, as table and bump chart."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.numbers import percent, rank
from .header import attribute, header
from .sentences import stays_from
from .spec import Spec

__all__ = ["watch_spec"]


def watch_spec(dataset: xr.Dataset) -> Spec:
    """A column per token, a row per layer.

    dataset  of watch: rank, probability (layer, token)
    """
    options = attribute(dataset, "options")
    ranks = dataset["rank"].transpose("layer", "token").values.astype(np.int32)
    shares = dataset["probability"].transpose("layer", "token").values.astype(np.float32)
    layers = [int(layer) for layer in dataset["layer"].values]
    labels = [str(label) for label in dataset["token"].values]
    ids = [int(i) for i in dataset["token_id"].values]
    own = {
        "layers": layers,
        "tokens": labels,
        "token_ids": ids,
        "position": options["at"],
        "read": options["read"],
        "came": options["came"],
        "came_id": options["came_id"],
        "context": options["labels"],
        "vocabulary_size": attribute(dataset, "model")["vocab_size"],
    }
    common = header(
        dataset,
        heading="The race",
        about="Rank (1 is the top token) and probability of chosen tokens after each layer, "
        f"read at position {options['at']}.",
        sentence=_sentence(ranks, shares, labels, layers),
    )
    return Spec("watch", common | own, {"rank": ranks, "probability": shares})


def _sentence(
    ranks: NDArray[np.int32], shares: NDArray[np.float32], labels: list[str], layers: list[int]
) -> list[list[str]]:
    """Who leads at the end, since when, and where the others stand."""
    order = np.argsort(ranks[-1], kind="stable")
    first = int(order[0])
    runs = [["out", labels[first]], ["", f" ends at rank {rank(int(ranks[-1, first]))} with "]]
    runs += [["b", percent(float(shares[-1, first]))]]
    if len(labels) > 1:
        lead = stays_from(ranks.argmin(axis=1).astype(np.int64), layers)
        assert lead is not None  # argmin is never undefined
        runs += [["", f"; it is ahead of the others from layer {layer_name(lead)} on"]]
    for other in order[1:4]:
        runs += [["", ", then " if other == order[1] else ", "], ["in", labels[int(other)]]]
        runs += [["", f" at rank {rank(int(ranks[-1, other]))}"]]
    if len(order) > 4:
        runs += [["", f" and {len(order) - 4} more"]]
    return [*runs, ["", "."]]
