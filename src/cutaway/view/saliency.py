"""Saliency: the token strip. Pick a token that was said; each earlier one carries its share."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent
from .header import header, is_masked
from .row import token_row
from .spec import Spec
from .words import word_numbers

__all__ = ["saliency_spec"]

#: How many sources the sentence names.
_NAMED = 3
_TERMS = ("explains", "leaf", "aggregation", "normalisation", "baseline")


def saliency_spec(dataset: xr.Dataset) -> Spec:
    """A strip of tokens, and for every target the share of each source.

    dataset  of saliency: saliency, score (target, source), value, gap (target)
    """
    shares = dataset["saliency"].transpose("target", "source").values.astype(np.float32)
    scores = dataset["score"].transpose("target", "source").values.astype(np.float32)
    gaps = dataset["gap"].values.astype(np.float32)
    row = token_row(dataset, "source")
    threshold = float(dataset["gap"].attrs["threshold"])
    own: dict[str, Any] = {
        **row,
        "words": word_numbers(
            row["texts"], row["roles"], dataset["source_special"].values.tolist()
        ),
        "targets": [int(target) for target in dataset["target"].values],
        "explained": [str(label) for label in dataset["explained"].values],
        "terms": [[name, str(dataset.attrs[name])] for name in _TERMS],
        "method": str(dataset.attrs["method_words"]),
        "unit": str(dataset["score"].attrs["units"]),
        "value_unit": str(dataset["value"].attrs["units"]),
        "threshold": threshold,
    }
    which = "" if is_masked(dataset) else "earlier "
    common = header(
        dataset,
        heading="What it read",
        about=f"The share of each {which}token in {dataset.attrs['explains']}: "
        f"{dataset.attrs['method_words']}, {dataset.attrs['normalisation']}.",
        sentence=_sentence(own, shares, is_masked(dataset)),
    )
    common["provenance"] = [*common["provenance"], *own["terms"], ["cost", dataset.attrs["cost"]]]
    common["notes"] = [*common["notes"], *_warnings(gaps, threshold)]
    arrays = {
        "share": shares, "score": scores, "gap": gaps,
        "value": dataset["value"].values.astype(np.float32),
    }  # fmt: skip
    return Spec("saliency", common | own, arrays)


def _sentence(own: dict[str, Any], shares: NDArray[np.float32], masked: bool) -> list[list[str]]:
    """What the last target was said for."""
    last = np.nan_to_num(shares[-1], nan=-1.0)
    best = [int(i) for i in np.argsort(-last, kind="stable")[:_NAMED] if last[i] > 0]
    said = own["targets"][-1] < len(own["inputs"])
    verb = " is said there" if masked else " was said" if said else " would be said next"
    runs = [["out", own["explained"][-1]], ["", verb]]
    if not best:
        return [
            *runs,
            ["", "; no token has a score." if masked else "; no earlier token has a score."],
        ]
    runs += [["", " mostly for " if len(best) > 1 else " for "]]
    for n, i in enumerate(best):
        runs += [["", "" if n == 0 else ", then for "], ["in", own["inputs"][i]]]
        runs += [["", " ("], ["b", percent(float(last[i]))], ["", ")"]]
    return [*runs, ["", "."]]


def _warnings(gaps: NDArray[np.float32], threshold: float) -> list[str]:
    """In words, where integrated gradients miss the whole they should sum to."""
    known = gaps[~np.isnan(gaps)]
    bad = known[known > threshold]
    if not bad.size:
        return []
    return [
        f"Not converged: for {bad.size} of {known.size} targets the scores miss the whole by more "
        f"than {percent(threshold)} (at worst {percent(float(bad.max()))}). What helped on most "
        "texts: baseline='mean' with keep_first=True, then more steps."
    ]
