"""What the comparison of two runs says in words: what its cells are, and what stands in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent, quantity
from ..core.numbers import rank as rank_words
from .compared import told_token
from .header import Runs

__all__ = ["RACES", "about", "sentence"]

#: Lenses of tokens that race through the layers.
RACES = ("watch", "predictions")
_SOURCES = "tokens of the source (columns s0, s1, ...) and of earlier ones (t0, t1, ...)"


def about(lens: str, read: bool, n_neurons: int) -> str:
    """What the cells of a lens's comparison are."""
    words = {
        "logit_lens": "Each run's top token after each layer; probabilities have a difference "
        "where the top tokens are the same, and a ring marks where they are not.",
        "watch": "Rank and probability of the same tokens in both runs, after each layer.",
        "saliency": f"Shares of {_SOURCES if read else 'earlier tokens'} in the tokens that were "
        "said, in both runs.",
        "predictions": "Rank and probability of the likeliest tokens of both runs, after each "
        "layer.",
        "factors": "Activation of factors that were found in both texts at once, so that they are "
        "the same in both; F0 makes most of what they reproduce.",
        "clusters": "Mean activation of groups of neurons that were found in both texts at once.",
        "neurons": f"The neurons that differ most at some token, {n_neurons} at most, as "
        "layer·neuron.",
    }
    return f"{words[lens]} Differences are second minus first, token beside token."


def sentence(
    dataset: xr.Dataset, own: Mapping[str, Any], values: Mapping[str, NDArray[np.float32]]
) -> Runs:
    """What stands in the cell that is chosen at first."""
    if own["lens"] == "logit_lens":
        return _divergence(dataset, own)
    name, lens = own["opens_with"], own["lens"]
    row, column = own["opens"]["row"], own["opens"]["column"]
    sides = values[name][:2, row, column].tolist()
    first, second = (_in_words(name, v) for v in sides)
    names = [str(run) for run in dataset["run"].values[:2]]
    token = told_token(own["columns"], column)
    told = [["", f": {name} {first} in {names[0]}, {second} in {names[1]}."]]
    if lens in RACES:
        return [["", "After the last layer, "], *token, *told]
    link = " for " if lens == "saliency" else " at "
    if "read" in own["columns"]:
        side = "source" if column < own["columns"]["read"] else "target"
        token = [*token, ["", f" of the {side}"]]
    return [["", "They differ most in "], ["b", own["rows"][row]], ["", link], *token, *told]


def _in_words(name: str, value: float) -> str:
    """A number of a quantity; a dash where it is not defined."""
    if name == "rank":
        return rank_words(0 if np.isnan(value) else int(value))
    return percent(value) if name == "saliency" else quantity(value)


def _divergence(dataset: xr.Dataset, own: Mapping[str, Any]) -> Runs:
    """What both say at the last token they share, and from which layer on they differ."""
    column = own["opens"]["column"]
    last = dataset.isel(layer=-1, position=column, k=0)
    labels, shares = last["token"].values[:2], last["probability"].values[:2]
    said, other = ([["out", str(label)]] for label in labels)
    first, second = (percent(float(share)) for share in shares)
    names = [str(run) for run in dataset["run"].values[:2]]
    runs = [["", "At "], *told_token(own["columns"], column)]
    if float(dataset["same_top"].isel(layer=-1, position=column)) == 1:
        return [*runs, ["", " both say "], *said, ["", f", with {first} and {second}."]]
    same = dataset["same_top"].isel(position=column).values
    differ = np.flatnonzero(same != 0)
    since = own["rows"][int(differ[-1]) + 1 if differ.size else 0]
    return [
        *runs, ["", f", {names[0]} says "], *said, ["", f" ({first}) and {names[1]} "], *other,
        ["", f" ({second}); their top tokens differ from "],
        ["b", "the input on" if since == "in" else f"layer {since} on"], ["", "."],
    ]  # fmt: skip
