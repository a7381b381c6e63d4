"""Factors: a sparkline per factor, the tokens coloured by what each factor did there."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..core.numbers import percent
from .header import Runs, attribute, header
from .row import token_row
from .spec import Spec

__all__ = ["factors_spec"]


def factors_spec(dataset: xr.Dataset) -> Spec:
    """A row per factor, tokens on the right.

    dataset  of factors: factor (factor, position), share, neurons, half, overlap,
             neurons_per_layer
    An input token is coloured by the activation it caused, an output token by the activation at
    the position before it, which produced it; the page says so.
    """
    options = attribute(dataset, "options")
    activation = dataset["factor"].transpose("factor", "position").values.astype(np.float32)
    own: dict[str, Any] = {
        **token_row(dataset),
        "layers": [int(layer) for layer in dataset["layer"].values],
        "share": [float(share) for share in dataset["share"].values],
        "neurons": [int(count) for count in dataset["neurons"].values],
        "half": [int(count) for count in dataset["half"].values],
        "error": float(dataset.attrs["error"]),
        "converged": bool(dataset.attrs["converged"]),
        "exclude": options["exclude"],
        "parts": options["parts"],
        "rows": options["rows"],
        "massive_first": _massive_first(activation, options["exclude"]),
        "colouring": _colouring(dataset),
    }
    common = header(
        dataset,
        heading="Which neurons fired together",
        about=f"Non-negative factors of {options['rows']:,} rows of neurons: each line is one "
        "factor's activation along the text, in the model's own units.",
        sentence=_sentence(own, activation),
    )
    arrays = {
        "activation": activation,
        "overlap": dataset["overlap"].values.astype(np.int32),
        "per_layer": dataset["neurons_per_layer"].values.astype(np.int32),
    }
    return Spec("factors", common | own, arrays)


def _colouring(dataset: xr.Dataset) -> str:
    """Which position's activation a token is coloured by."""
    if not dataset["produced"].values.any():
        return "A token is coloured by the activation at its own position."
    return (
        "What was read is coloured by the activation it caused, what came out by the activation "
        "that produced it (one position earlier)."
    )


def _massive_first(activation: np.ndarray[Any, np.dtype[np.float32]], exclude: list[int]) -> bool:
    """Whether the first token takes a factor to itself: half of one factor's activation."""
    if 0 in exclude or activation.shape[1] < 3:
        return False
    total = activation.sum(axis=1)
    return bool((activation[:, 0] > total / 2).any())


def _sentence(own: dict[str, Any], activation: np.ndarray[Any, np.dtype[np.float32]]) -> Runs:
    first = activation[0]
    peak = int(np.nanargmax(first))
    n = len(own["share"])
    runs = [["b", str(n)], ["", f" factor{'s' if n > 1 else ''} reproduce the activations to "]]
    runs += [["b", percent(1 - own["error"] ** 2)], ["", " of their sum of squares. Factor 0 ("]]
    runs += [["b", percent(own["share"][0])], ["", " of what is reproduced) is strongest at "]]
    runs += [
        ["in", own["inputs"][peak]],
        ["", f": {own['neurons'][0]:,} neurons have a weight "],
    ]
    runs += [["", f"in it, {own['half'][0]:,} carry half of it."]]
    if not own["converged"]:
        runs += [["b", " The factorisation had not converged when it was stopped."]]
    if own["massive_first"]:
        runs += [["", " The first token's massive activations take a factor to themselves: "]]
        runs += [["b", "exclude=[0]"], ["", " leaves it out."]]
    return runs
