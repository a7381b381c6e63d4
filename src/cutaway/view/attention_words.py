"""What an attention page says of itself: the number, what it holds, what is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import byte_size, percent
from .header import Runs

__all__ = ["HEADINGS", "about", "embedded", "encoding", "named", "sentence", "unit"]

#: The question of each kind of attention.
HEADINGS = {
    "self": "Where it looked",
    "decoder": "Where it looked in what it wrote",
    "cross": "Where it looked in the source",
    "encoder": "Where the source looked at itself",
}

_AGGREGATED = {
    "mean": "The mean over the heads of a block. ",
    "max": "The largest over the heads of a block. ",
    "rollout": "Attention rollout: in each block the mean over heads and the residual stream in "
    "equal shares, multiplied from the first block up to each layer. ",
}
#: Of a rollout through a decoder that reads a source.
_UNDER = {
    "decoder": " It goes through the encoder too, and the rest of a row lies on the source; "
    "figures are of rows in shares of their sums.",
    "cross": " It goes through the encoder too, and the rest of a row lies on what was written "
    "before; figures are of rows in shares of their sums.",
}
_WEIGHED = {
    "weight": "Attention weight: the share of a {query}'s attention that lies on a {key} it could "
    "see; the weights the model really used.",
    "value_norm": "Attention weight times the length (L2 norm) of the value that the head reads "
    "there, in the model's own units.",
    "output_norm": "Attention weight times the length (L2 norm) of what the head writes for it, "
    "its value through the output projection, in the model's own units.",
}


def unit(dataset: xr.Dataset, axis: str) -> str:
    """What stands along an axis: tokens of a text or frames of a sound."""
    return "frame" if f"{axis}_time" in dataset.coords else "token"


def named(said: str, what: str) -> str:
    """Words on tokens as words on what stands there.

    >>> named("mean mass on the first token", "frame")
    'mean mass on the first frame'
    """
    return said.replace("token", what)


def about(dataset: xr.Dataset, weighting: str, aggregate: str | None, kind: str = "self") -> str:
    """The line that defines the number."""
    units = {axis: unit(dataset, axis) for axis in ("query", "key")}
    if aggregate == "rollout":
        return _AGGREGATED[aggregate].strip() + _UNDER.get(kind, "")
    return _AGGREGATED.get(aggregate or "", "") + _WEIGHED[weighting].format(**units)


def encoding(shares: bool) -> str:
    """How exactly the page holds its numbers.

    shares  whether each row is held in shares of its sum
    """
    kept = "Weights in this page are kept to within 0.4 percentage points (square root, 8 bits)"
    if shares:
        kept = (
            "Each row is shown in shares of its sum, kept to within 0.4 percentage points (square "
            "root, 8 bits), beside the sum itself"
        )
    return f"{kept}; numbers are linear, whatever the shading."


def embedded(place: NDArray[np.int32], budget: int, live: bool, key: str) -> str:
    """How many heads the page holds at full size; `key` is what they look at: token or frame."""
    kept, every = int((place >= 0).sum()), place.size
    if kept == every:
        heads = "The one head is" if every == 1 else f"All {every:,} heads are"
        return f"{heads} in this page at full size."
    if live:
        return f"Each of the {every:,} heads is computed when it is looked at."
    return (
        f"{kept:,} of {every:,} heads are in this page at full size ({byte_size(budget)} of "
        "weights at most): those that lead in a figure, then those with the least mass on the "
        f"first {key}. Of the others it has the thumbnail and the figures."
    )


def sentence(dataset: xr.Dataset, carried: float | None) -> Runs:
    """What is seen: the first token's part, and the heads of two known patterns.

    carried  the first token's part of the norms that are drawn, None where weights are
    """
    if "peak" in dataset:
        return _pointing(dataset)
    key = unit(dataset, "key")
    if np.isnan(dataset["first"].values).all():
        return [["", f"A single {key} can look at itself alone."]]
    first = float(np.nanmean(dataset["first"].values))
    runs = [["", f"The first {key} takes "], ["b", percent(first)]]
    if "head" in dataset.dims:
        runs += [["", " of the attention of an average head"], *_carried(carried), ["", "."]]
    else:
        runs += [["", " of an average layer."]]
    for name, words in (
        ("previous", f" looks most at the {key} before: "),
        ("induction", f" looks most at what followed the same {key} earlier: "),
    ):
        runs += _strongest(dataset, name, words)
    missing = dataset["missing"].values
    mean = float(np.nanmean(missing)) if not np.isnan(missing).all() else 0.0
    if mean > 1e-3:
        runs += [["", " On average "], ["b", percent(mean)]]
        runs += [["", f" of a row lies on no {key}: the model has attention sinks of its own."]]
    return runs


def _pointing(dataset: xr.Dataset) -> Runs:
    """Of cross attention: what points most, and the part of the source's last token."""
    last = float(np.nanmean(dataset["last"].values))
    part = "frame" if unit(dataset, "key") == "frame" else "source token"
    words = f" points most: on average its largest weight on a {part} is "
    runs = _strongest(dataset, "peak", words)[1:]
    end = str(dataset["key_input"].values[-1])
    return [
        *runs, ["", f" The last {part}, "], ["in", end], ["", ", takes "],
        ["b", percent(last)], ["", " of the attention of an average "],
        ["", "head." if "head" in dataset.dims else "layer."],
    ]  # fmt: skip


def _carried(carried: float | None) -> list[list[str]]:
    if carried is None:
        return []
    return [["", "; of the norms that are drawn it has "], ["b", percent(carried)]]


def _strongest(dataset: xr.Dataset, name: str, words: str) -> list[list[str]]:
    values = dataset[name].values
    if np.isnan(values).all() or np.nanmax(values) <= 0:
        return []
    at: Any = np.unravel_index(int(np.nanargmax(values)), values.shape)
    which = f"layer {dataset['layer'].values[at[0]]}"
    which = f"Head {dataset['head'].values[at[1]]} of {which}" if at[1:] else which.capitalize()
    return [
        ["", " "], ["b", which], ["", words], ["b", percent(float(values[at]))], ["", "."],
    ]  # fmt: skip
