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


def quantities(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """The quantities of a logit lens in the order of the menu.

    Each has: name, words, unit, scale ("linear" or "log"), low and high (the ends of the colour
    scale), ramp ("clay" or "teal"), strong (which end is drawn strong: "high" or "low").
    Bounded quantities have their bounds as ends, so that a colour means the same on every page.
    """
    return list(_quantities(dataset))


def _quantities(dataset: xr.Dataset) -> Iterator[dict[str, Any]]:
    vocab = max(2, attribute(dataset, "model")["vocab_size"])
    target = rank_words(dataset)
    low, high = _ends(dataset, "logit")
    yield _quantity("probability", "probability of the layer's top token", high=1.0)
    yield _quantity("logit", "logit of the layer's top token", low=low, high=high)
    yield _quantity(
        "rank", f"rank of {target}, 1 is the top", scale="log", low=1.0,
        high=float(vocab), ramp="teal", strong="low",
    )  # fmt: skip
    yield _quantity(
        "surprisal", f"surprisal of {target}", unit="nats", high=_highest(dataset, "surprisal"),
        ramp="teal", strong="low",
    )  # fmt: skip
    yield _quantity(
        "entropy",
        "entropy of the layer's distribution",
        unit="nats",
        high=math.log(vocab),
        ramp="teal",
    )
    yield from _distances(dataset)


def _distances(dataset: xr.Dataset) -> Iterator[dict[str, Any]]:
    against = attribute(dataset, "options")["against"]
    bounds = {"js": math.log(2), "tv": 1.0}
    for name, words in _DISTANCES.items():
        if name in dataset:
            yield _quantity(
                name, words.format(against), unit="" if name == "tv" else "nats",
                high=bounds.get(name) or _highest(dataset, name), ramp="teal",
            )  # fmt: skip


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


def _ends(dataset: xr.Dataset, name: str) -> tuple[float, float]:
    """The 0th and 99th percentile over the rows after blocks.

    The input row is left out, and what lies inside the blocks, of which the first is nearly the
    input still: a KL of 60 to 130 nats against 5 to 20. So is the last hundredth: one cell of a
    thousand would leave the rest in one colour. What lies above has the colour of the end.
    """
    blocks = dataset[name].isel(layer=dataset["layer"].values != INPUT_LAYER)
    values = (blocks.isel(k=0) if "k" in blocks.dims else blocks).values.astype(np.float64)
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [0, 99]).tolist() if values.size else (0.0, 1.0)
    return low, high if high > low else low + 1.0


def _highest(dataset: xr.Dataset, name: str) -> float:
    """The upper end of what can't be negative."""
    high = _ends(dataset, name)[1]
    return high if high > 0 else 1.0
