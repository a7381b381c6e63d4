"""Experts of two runs: which were called in each cell by either, and how far that is apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent
from .compared import compared_header, slot_row, told_token
from .header import Runs
from .routing import score_words
from .spec import Spec

__all__ = ["BUDGET", "compare_experts_spec"]

#: The most bytes of experts that a page carries; beyond it, those of the layers that differ most.
BUDGET = 36_000_000
_LEFT_OUT = (
    "This page holds the experts of the {} of {} layers that differ most, and of the others how "
    "far they are apart. Ask for others with layers=[...]."
)


def compare_experts_spec(dataset: xr.Dataset, *, budget: int | None = None) -> Spec:
    """Layer rows x slots: the experts that either run called there, and what they have in both.

    dataset  of a comparison of experts
    budget   the most bytes of experts, BUDGET unless said

    Its own header: the row of slots, layers, counts (experts of each layer), scores (what they
    are, by layer), opens (layer, slot). Arrays: place int32 (layer), a layer's row in the next
    three, -1 for none; expert int32 (row, slot, n), those that either called, largest weight
    first, -1 for none; weight, score float32 (run, row, slot, n) of both runs, weight 0 where a
    run did not call it; variation, shared (layer, slot), rerouted (slot), entropy (run, layer,
    slot), load (run, layer, expert) float32. NaN where a side has no token.
    """
    budget = BUDGET if budget is None else budget
    arrays: dict[str, NDArray[Any]] = {
        **_called(dataset, budget),
        **{name: dataset[name].values.astype(np.float32)
           for name in ("variation", "shared", "rerouted")},
        **{name: dataset[name].values[:2].astype(np.float32) for name in ("entropy", "load")},
    }  # fmt: skip
    row = slot_row(dataset)
    own: dict[str, Any] = {
        **row,
        "layers": [int(number) for number in dataset["layer"].values],
        "counts": [int(count) for count in dataset["experts"].values],
        "scores": [str(name) for name in dataset["scores"].values],
        "opens": _opening(arrays),
    }
    common = compared_header(
        dataset,
        heading="Where the two are sent to other experts",
        about="Difference: the total variation between the weights of a token's experts in the two "
        "runs, as shares of their sum: 0 % is the same experts with the same weights, 100 % no "
        f"expert in common. Probability: {score_words(own['scores'])}.",
        sentence=_sentence(dataset, row, arrays),
    )
    held, every = len(arrays["expert"]), len(arrays["place"])
    if held < every:
        common["notes"] = [*common["notes"], _LEFT_OUT.format(held, every)]
    return Spec("compare_experts", common | own, arrays)


def _called(dataset: xr.Dataset, budget: int) -> dict[str, NDArray[Any]]:
    """place, expert, weight, score, within the budget: one layer is unpacked at a time."""
    layers = [_of_layer(dataset.isel(layer=row)) for row in range(dataset.sizes["layer"])]
    most = max(expert.shape[-1] for expert, _, _ in layers)
    size = most * sum(array[..., :1].nbytes for array in layers[0])
    held = np.sort(_most_apart(dataset)[: max(1, budget // size)])
    place = np.full(len(layers), -1, dtype=np.int32)
    place[held] = np.arange(len(held))
    kept = [[_widened(part, most) for part in layers[row]] for row in held]
    expert, weight, score = (
        np.stack(parts, axis=axis)
        for parts, axis in zip(zip(*kept, strict=True), (0, 1, 1), strict=True)
    )
    return {"place": place, "expert": expert, "weight": weight, "score": score}


def _most_apart(dataset: xr.Dataset) -> NDArray[np.intp]:
    """The rows of layers, those that differ most over the tokens of both first."""
    variation = np.nan_to_num(dataset["variation"].values.astype(np.float64))
    return np.argsort(-variation.sum(axis=1), kind="stable")


def _of_layer(part: xr.Dataset) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """expert (slot, n), weight and score (run, slot, n) of the experts that either run called."""
    weight, score = (part[name].values[:2] for name in ("weight", "probability"))
    largest = np.abs(np.nan_to_num(weight)).max(axis=0)
    n = max(1, int((largest > 0).sum(axis=-1).max()))
    order = np.argsort(-largest, axis=-1, kind="stable")[:, :n]
    idle = np.take_along_axis(largest, order, axis=-1) == 0
    expert = np.where(idle, -1, order).astype(np.int32)
    taken = [np.take_along_axis(array, order[None], axis=-1) for array in (weight, score)]
    first, second = (np.where(idle, np.nan, array).astype(np.float32) for array in taken)
    return expert, first, second


def _widened(array: NDArray[Any], n: int) -> NDArray[Any]:
    """With a last axis of n: no experts, -1 and NaN, at the end."""
    missing = np.full((*array.shape[:-1], n - array.shape[-1]), -1, dtype=array.dtype)
    if array.dtype.kind == "f":
        missing.fill(np.nan)
    return np.concatenate([array, missing], axis=-1)


def _opening(arrays: dict[str, NDArray[Any]]) -> dict[str, int]:
    """The slot sent elsewhere in most layers, and of those held the layer that differs most."""
    variation = arrays["variation"].astype(np.float64)
    known = np.flatnonzero(~np.isnan(variation).all(axis=0))
    held = np.flatnonzero(arrays["place"] >= 0)
    if not np.nansum(variation) > 0:
        return {"layer": int(held[-1]), "slot": int(known[-1])}
    order = np.lexsort((variation[:, known].mean(axis=0), arrays["rerouted"][known]))
    slot = int(known[order[-1]])
    return {"layer": int(held[variation[held, slot].argmax()]), "slot": slot}


def _sentence(dataset: xr.Dataset, row: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Runs:
    """How much of the weight goes elsewhere, which token most, and whose load changes most."""
    variation, rerouted = (arrays[name].astype(np.float64) for name in ("variation", "rerouted"))
    if not np.nansum(variation) > 0:
        return [["", "Every token of both is sent to the same experts with the same weights."]]
    slot, layers = _opening(arrays)["slot"], len(variation)
    wholly = round(float(rerouted[slot]) * layers)
    where = (
        f": in {wholly} of {layers} layers no expert is the same" if wholly
        else f": {percent(float(variation[:, slot].mean()))} over the layers"
    )  # fmt: skip
    cells = int(np.nansum(rerouted) * layers + 0.5)
    return [
        ["", "Over tokens and layers "], ["b", percent(float(np.nanmean(variation)))],
        ["", f" of the weight goes to other experts; {cells:,} of "
             f"{int((~np.isnan(variation)).sum()):,} cells have no expert in common. Most: "],
        *told_token(row, slot), ["", f"{where}.{_load_words(dataset)}"],
    ]  # fmt: skip


def _load_words(dataset: xr.Dataset) -> str:
    load = dataset["load"].values.astype(np.float64)
    gap = np.abs(np.nan_to_num(load[2]))
    if not gap.max() > 0:
        return ""
    layer, expert = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
    first, second = (percent(float(side)) for side in load[:2, layer, expert])
    names = [str(run) for run in dataset["run"].values[:2]]
    return (
        f" Load changes most for expert {expert} of layer {int(dataset['layer'].values[layer])}: "
        f"{first} of the tokens in {names[0]}, {second} in {names[1]}."
    )
