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

    Of an encoder-decoder two strips: header["source"] is the row of tokens of the text that was
    read, null elsewhere, and source_share, source_score are its part; shares of both sum to 1.

    dataset  of saliency: saliency, score (target, source), value, gap (target)
    """
    shares = dataset["saliency"].transpose("target", "source").values.astype(np.float32)
    scores = dataset["score"].transpose("target", "source").values.astype(np.float32)
    gaps = dataset["gap"].values.astype(np.float32)
    row = token_row(dataset, "source")
    read = _read(dataset)
    threshold = float(dataset["gap"].attrs["threshold"])
    own: dict[str, Any] = {
        **row,
        "words": word_numbers(
            row["texts"], row["roles"], dataset["source_special"].values.tolist()
        ),
        "source": read,
        "targets": [int(target) for target in dataset["target"].values],
        "explained": [str(label) for label in dataset["explained"].values],
        "terms": [[name, str(dataset.attrs[name])] for name in _TERMS],
        "method": str(dataset.attrs["method_words"]),
        "unit": str(dataset["score"].attrs["units"]),
        "value_unit": str(dataset["value"].attrs["units"]),
        "threshold": threshold,
    }
    arrays = {
        "share": shares, "score": scores, "gap": gaps,
        "value": dataset["value"].values.astype(np.float32),
    }  # fmt: skip
    whole, labels = shares, own["inputs"]
    if read is not None:
        for name, variable in (("source_share", "source_saliency"), ("source_score",) * 2):
            part = dataset[variable].transpose("target", "source_position")
            arrays[name] = part.values.astype(np.float32)
        whole = np.concatenate([arrays["source_share"], shares], axis=1)
        labels = [*read["inputs"], *labels]
    which = "token of the source and each earlier " if read else ""
    which = "" if is_masked(dataset) else which or "earlier "
    common = header(
        dataset,
        heading="What it read",
        about=f"The share of each {which}token in {dataset.attrs['explains']}: "
        f"{dataset.attrs['method_words']}, {dataset.attrs['normalisation']}.",
        sentence=_sentence(own, labels, whole[-1], is_masked(dataset)),
    )
    common["provenance"] = [*common["provenance"], *own["terms"], ["cost", dataset.attrs["cost"]]]
    common["notes"] = [*common["notes"], *_warnings(gaps, threshold)]
    return Spec("saliency", common | own, arrays)


def _read(dataset: xr.Dataset) -> dict[str, Any] | None:
    """The row of tokens of the text that an encoder-decoder read; None for other models."""
    if "source_position" not in dataset.dims:
        return None
    row = token_row(dataset, "source_position")
    special = dataset["source_position_special"].values.tolist()
    return row | {"words": word_numbers(row["texts"], row["roles"], special)}


def _sentence(
    own: dict[str, Any], labels: list[str], shares: NDArray[np.float32], masked: bool
) -> list[list[str]]:
    """What the last target was said for.

    labels, shares  of all tokens it could read
    """
    before = len(labels) - len(own["inputs"])
    last = np.nan_to_num(shares, nan=-1.0)
    best = [int(i) for i in np.argsort(-last, kind="stable")[:_NAMED] if last[i] > 0]
    said = own["targets"][-1] < len(own["inputs"])
    verb = " was said" if said else " would be said next"
    if masked:  # a classifier's answer is of the whole text, and has the place after it
        verb = " is said there" if said else " is the answer"
    runs = [["out", own["explained"][-1]], ["", verb]]
    if not best:
        return [
            *runs,
            ["", "; no token has a score." if masked else "; no earlier token has a score."],
        ]
    runs += [["", " mostly for " if len(best) > 1 else " for "]]
    for n, i in enumerate(best):
        runs += [["", "" if n == 0 else ", then for "], ["in", labels[i]]]
        runs += [
            ["", " of the source (" if i < before else " ("],
            ["b", percent(float(last[i]))],
            ["", ")"],
        ]
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
