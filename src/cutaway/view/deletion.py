"""The deletion curve: how fast the probability falls when the important tokens go first."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..core.numbers import percent, quantity
from .header import attribute, header, is_masked
from .row import token_row
from .spec import Spec

__all__ = ["deletion_spec"]

_WORDS = {
    "saliency": "this explanation",
    "occlusion": "occlusion",
    "random": "random orders",
    "constant": "knows nothing",
}


def deletion_spec(dataset: xr.Dataset) -> Spec:
    """One curve for each order of taking tokens out; the random ones with their interval.

    header["source"] is the row of tokens that an encoder-decoder read, with their places in the
    order; null for other models.

    dataset  of deletion: probability (run, k), low, high (k), fall (run), advantage
    """
    options = attribute(dataset, "options")
    curves = dataset["probability"].transpose("run", "k").values.astype(np.float32)
    own: dict[str, Any] = {
        **token_row(dataset, "source"),
        "runs": [str(run) for run in dataset["run"].values],
        "run_words": [_WORDS[str(run)] for run in dataset["run"].values],
        "counts": [int(k) for k in dataset["k"].values],
        "place": [int(place) for place in dataset["place"].values],
        "source": _read(dataset),
        "fall": [float(fall) for fall in dataset["fall"].values],
        "advantage": [
            float(dataset[name])
            for name in ("advantage", "advantage_low", "advantage_high")
        ],
        "target": options["target"],
        "explained": options["explained"],
        "method": options["method"],
    }  # fmt: skip
    common = header(
        dataset,
        heading="Is it true?",
        about=f"Probability of {options['explained']} as {_taken(dataset)} are replaced by "
        f"{options['replaced_by']}, those with the largest scores first.",
        sentence=_sentence(own, curves),
    )
    arrays = {
        "probability": curves,
        "low": dataset["low"].values.astype(np.float32),
        "high": dataset["high"].values.astype(np.float32),
    }
    return Spec("deletion", common | own, arrays)


def _read(dataset: xr.Dataset) -> dict[str, Any] | None:
    """The tokens that an encoder-decoder read, and their places; None for other models."""
    if "source_position" not in dataset.dims:
        return None
    places = [int(place) for place in dataset["source_place"].values]
    return token_row(dataset, "source_position") | {"place": places}


def _taken(dataset: xr.Dataset) -> str:
    """What is taken out, in words."""
    if "source_position" in dataset.dims:
        return "tokens of the source and those said before"
    return "tokens of the text" if is_masked(dataset) else "earlier tokens"


def _sentence(own: dict[str, Any], curves: Any) -> list[list[str]]:
    """How far the first removals bring it down, and how that compares with chance."""
    step = min(len(own["counts"]) - 1, 2)
    count = own["counts"][step]
    first = f"its {count} most important tokens" if count > 1 else "its most important token"
    mean, low, high = own["advantage"]
    told = (
        "better than random orders" if low > 0
        else "worse than random orders" if high < 0
        else "no better or worse than random orders, as far as these can tell"
    )  # fmt: skip
    return [
        ["", f"Without {first} "], ["out", own["explained"]], ["", " goes from "],
        ["b", percent(float(curves[0, 0]))], ["", " to "], ["b", percent(float(curves[0, step]))],
        ["", f". Over all steps this order takes {quantity(mean)} more probability away than "
             f"random ones (95 %: {quantity(low)} to {quantity(high)}): {told}."],
    ]  # fmt: skip
