"""What a cell of the logit lens can be coloured by: its words, its unit and its scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import INPUT_LAYER
from .header import attribute

__all__ = ["quantities", "rank_words"]

_DISTANCES = {"kl": "KL({0} || layer)", "js": "JS({0}, layer)", "tv": "total variation({0}, layer)"}
_REFERENCES = {"final": "final", "input": "input"}
_LN_2 = math.log(2)


def quantities(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """The quantities of a logit lens in the order of the menu.

    Each has: name, words, unit, scale ("linear" or "log"), low and high (the ends of the colour
    scale), ramp ("clay" or "teal"), strong (which end is drawn strong: "high" or "low").
    Bounded quantities have their bounds as ends, so that a colour means the same on every page;
    the others end where the blocks' rows do: the input row is far off (a KL of 60 to 130 nats
    against 5 to 20) and would leave the rest in one colour.
    """
    return list(_quantities(dataset))


def _quantities(dataset: xr.Dataset) -> Iterator[dict[str, Any]]:
    vocab = attribute(dataset, "model")["vocab_size"]
    yield _quantity("probability", "probability of the layer's top token", high=1.0)
    yield _quantity("logit", "logit of the layer's top token", **_ends(dataset, "logit"))
    target = rank_words(dataset)
    yield _quantity(
        "rank", f"rank of {target}, 1 is the top", scale="log", low=1.0,
        high=float(max(2, vocab)), ramp="teal", strong="low",
    )  # fmt: skip
    high = _ends(dataset, "surprisal")["high"]
    yield _quantity(
        "surprisal", f"surprisal of {target}", unit="nats", high=high, ramp="teal", strong="low"
    )
    yield _quantity(
        "entropy", "entropy of the layer's distribution", unit="nats",
        high=math.log(max(2, vocab)), ramp="teal",
    )  # fmt: skip
    against = _REFERENCES[attribute(dataset, "options")["against"]]
    bounds = {"js": _LN_2, "tv": 1.0}
    for name in (name for name in _DISTANCES if name in dataset):
        high = bounds[name] if name in bounds else _ends(dataset, name)["high"]
        unit = "" if name == "tv" else "nats"
        yield _quantity(name, _DISTANCES[name].format(against), unit=unit, high=high, ramp="teal")


def rank_words(dataset: xr.Dataset) -> str:
    """Whose rank it is, in words."""
    rank_of = attribute(dataset, "options")["rank_of"]
    known = {
        "top": "the final layer's top token",
        "next": "the token that came next",
        "input": "the token read there",
    }
    if rank_of in known:
        return known[rank_of]
    return f"the token {dataset['target'].values[0]}"


def _quantity(
    name: str,
    words: str,
    *,
    unit: str = "",
    scale: str = "linear",
    low: float = 0.0,
    high: float,
    ramp: str = "clay",
    strong: str = "high",
) -> dict[str, Any]:
    return {
        "name": name, "words": words, "unit": unit, "scale": scale, "low": low, "high": high,
        "ramp": ramp, "strong": strong,
    }  # fmt: skip


def _ends(dataset: xr.Dataset, name: str) -> dict[str, float]:
    """The smallest and largest value over the rows of blocks, inside rows included.

    A logit's scale may start below 0; what can't be negative starts at 0.
    """
    blocks = dataset.isel(layer=dataset["layer"].values != INPUT_LAYER)
    found = []
    for variable in (name, f"inside_{name}"):
        if variable in blocks:
            values = blocks[variable]
            found.append(np.ravel(values.isel(k=0).values if "k" in values.dims else values.values))
    values = np.concatenate(found).astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return {"low": 0.0, "high": 1.0}
    return {
        "low": float(values.min()),
        "high": max(float(values.max()), float(values.min()) + 1e-9),
    }
