"""Saliency: the token strip. Pick a token that was said; each earlier one carries its share."""

from __future__ import annotations

from collections.abc import Mapping
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

    dataset  of saliency: saliency, score (target, source), value, gap, moved (target)
    """
    row, masked = token_row(dataset, "source"), is_masked(dataset)
    read = _read(dataset)
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
        "threshold": float(dataset["gap"].attrs["threshold"]),
    }
    arrays = _arrays(dataset)
    last = [arrays[name][-1] for name in ("source_share", "share") if name in arrays]
    labels = [*(read["inputs"] if read else []), *own["inputs"]]
    common = header(
        dataset,
        heading="What it read",
        about=f"The share of each {_which(read is not None, masked)}token in "
        f"{dataset.attrs['explains']}: {dataset.attrs['method_words']}, "
        f"{dataset.attrs['normalisation']}.",
        sentence=_sentence(own, labels, np.concatenate(last), masked),
    )
    common["provenance"] = [*common["provenance"], *own["terms"], ["cost", dataset.attrs["cost"]]]
    common["notes"] = [*common["notes"], *_warnings(arrays, own["threshold"])]
    return Spec("saliency", common | own, arrays)


def _arrays(dataset: xr.Dataset) -> dict[str, NDArray[np.float32]]:
    """Shares and scores of both texts, where there are two; numbers of each target."""
    variables = {"share": "saliency"} | {n: n for n in ("score", "gap", "moved", "value")}
    if "source_position" in dataset.dims:
        variables |= {"source_share": "source_saliency", "source_score": "source_score"}
    return {
        name: dataset[variable].transpose("target", ...).values.astype(np.float32)
        for name, variable in variables.items()
    }


def _which(read: bool, masked: bool) -> str:
    """Which tokens have a share, before the word "token"."""
    if masked:
        return ""
    return "token of the source and each earlier " if read else "earlier "


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


def _warnings(arrays: Mapping[str, NDArray[np.float32]], threshold: float) -> list[str]:
    """In words, where integrated gradients miss what they should sum to, or still move."""
    gaps, moved = arrays["gap"], arrays["moved"]
    known = int((~np.isnan(gaps)).sum())
    words = [
        f"for {bad.size} of {known} targets {what} by more than {percent(threshold)} "
        f"{whose}(at worst {percent(float(bad.max()))})"
        for what, whose, bad in (
            ("the scores miss the whole", "", gaps[gaps > threshold]),
            ("a score still moved", "of the largest ", moved[moved > threshold]),
        )
        if bad.size
    ]
    if not words:
        return []
    return [
        f"Not converged: {'; '.join(words)}. What helped on most texts: baseline='mean' with "
        "keep_first=True, then more steps."
    ]
