"""The alignment matrix: the target's tokens down, the source's across."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent
from .header import attribute, header
from .row import token_row
from .spec import Spec

__all__ = ["alignment_spec"]

_ABOUT = {
    "attention": "Cross attention of the position that produced each token: {how}.",
    "saliency": "Saliency: {how}. What is missing to 100 % lies on the "
    "target's own earlier tokens.",
}


def alignment_spec(dataset: xr.Dataset) -> Spec:
    """A matrix for each layer (one without layers), and what is the most of each row and column.

    dataset  of alignment

    header: the source's row of tokens; targets, explained, produced_target, the target's;
    layers, [] without; opens_with, the row of the layer that points most; of, "attention" or
    "saliency"; unit, "1" for shares. arrays: weight float32 (layer, target, source); best int32
    (layer, target), back int32 (layer, source), indices into source and target, -1 for none.
    """
    layered = "layer" in dataset.dims
    weight = dataset["weight"].values.astype(np.float32)
    best = _indices(dataset["best"].values, dataset["source"].values)
    back = _indices(dataset["back"].values, dataset["target"].values)
    if not layered:
        weight, best, back = weight[None], best[None], back[None]
    options = attribute(dataset, "options")
    opens = int(np.nan_to_num(weight).max(-1).mean(-1).argmax())
    own: dict[str, Any] = {
        **token_row(dataset, "source"),
        "targets": [int(target) for target in dataset["target"].values],
        "explained": [str(label) for label in dataset["explained"].values],
        "target_produced": [bool(made) for made in dataset["target_produced"].values],
        "layers": [int(layer) for layer in dataset["layer"].values] if layered else [],
        "opens_with": opens,
        "of": options["of"],
        "head": options.get("head"),
        "unit": str(dataset["weight"].attrs["units"]),
    }
    how = str(dataset["weight"].attrs["long_name"])
    common = header(
        dataset,
        heading=f"Which {_part(own)} belongs to which" + (" token" if "times" in own else ""),
        about=_ABOUT[options["of"]].format(how=how),
        sentence=_sentence(own, weight[opens], best[opens]),
    )
    return Spec("alignment", common | own, {"weight": weight, "best": best, "back": back})


def _part(own: dict[str, Any]) -> str:
    """What stands along the source."""
    return "frame of the sound" if "times" in own else "source token"


def _indices(numbers: NDArray[Any], axis: NDArray[Any]) -> NDArray[np.int32]:
    """Numbers of an axis as indices into it; -1 stays."""
    places = {int(number): place for place, number in enumerate(axis)}
    found = [places.get(int(number), -1) for number in numbers.ravel()]
    return np.asarray(found, dtype=np.int32).reshape(numbers.shape)


def _sentence(
    own: dict[str, Any], weight: NDArray[np.float32], best: NDArray[np.int32]
) -> list[list[str]]:
    """How sharp the rows are, and the sharpest of them."""
    rows = np.nan_to_num(weight).max(axis=-1)
    row = int(rows.argmax())
    if best[row] < 0:
        return [["", f"No {_part(own)} has any part in the target."]]
    runs = []
    if own["layers"]:
        runs = [["", "In "], ["b", f"layer {own['layers'][own['opens_with']]}"], ["", ", "]]
    told = percent if own["unit"] == "1" else (lambda value: f"{value:.3g}")
    mean, most = told(float(rows.mean())), told(float(rows[row]))
    start = "the largest cell of a row is " if runs else "The largest cell of a row is "
    return [
        *runs, ["", start], ["b", mean], ["", " on average; the clearest is "],
        ["out", own["explained"][row]], ["", " from "], ["in", own["inputs"][int(best[row])]],
        ["", " with "], ["b", most], ["", "."],
    ]  # fmt: skip
