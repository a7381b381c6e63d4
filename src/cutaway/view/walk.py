"""A walk through one block: its steps one by one, and how much every block changed every state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent, quantity
from .header import Runs, attribute, header, is_masked
from .row import token_row
from .spec import Spec

__all__ = ["walk_spec"]

_SAYS = " After the last block the model says "


def walk_spec(dataset: xr.Dataset) -> Spec:
    """Every step with its words and numbers, in order.

    dataset  of lens.walk

    The header adds the row of tokens and
      source   the row of tokens that an encoder-decoder reads, null for other models
      at, layer, n_layers  which position and block
      steps    [{name, title, stage, formula, axes, inputs, module, weights, gap, ids, labels}]
      refused  [[part, why]]
      cached   numbers per token that a key-value cache keeps of this block, 0 where there is none:
               without attention, and where every token looks at all
      bytes    of one such number

    arrays: step:NAME float32 of each step; change float32 (layer, position); all_weights uint8
    (head, query, position) and all_cross_weights uint8 (head, query, source), 255 times the square
    root of the weight, and masked uint8 (query, position), where there are any.
    """
    steps = json.loads(dataset.attrs["steps"])
    refused = json.loads(dataset.attrs["refused"])
    options = attribute(dataset, "options")
    card = attribute(dataset, "model")
    own: dict[str, Any] = {
        **token_row(dataset),
        "source": token_row(dataset, "source") if "source" in dataset.dims else None,
        "at": options["at"],
        "layer": options["layer"],
        "n_layers": card["n_layers"],
        "steps": steps,
        "refused": [[part, why] for part, why in refused.items()],
        "cached": _cached(dataset),
        "bytes": 2 if "16" in card["dtype"] else 4,
    }
    common = header(
        dataset,
        heading="Step by step through one block",
        about="Every number is the model's own; each step is computed again in 64-bit precision "
        "from the steps before it.",
        sentence=_sentence(dataset, steps, options),
    )
    arrays: dict[str, NDArray[Any]] = {
        f"step:{step['name']}": dataset[step["name"]].values.astype(np.float32) for step in steps
    }
    arrays["change"] = dataset["change"].values.astype(np.float32)
    for name in ("all_weights", "all_cross_weights"):
        if name in dataset:
            levels = 255 * np.sqrt(np.clip(dataset[name].values, 0, 1))
            arrays[name] = np.rint(levels).astype(np.uint8)
    if "masked" in dataset:
        arrays["masked"] = dataset["masked"].values.astype(np.uint8)
    return Spec("walk", common | own, arrays)


def _silence(dataset: xr.Dataset) -> str:
    """Why the steps end with a state."""
    if "output" in json.loads(dataset.attrs["refused"]):
        return ""
    if attribute(dataset, "model").get("task"):
        return " What the model answers is made of its last states: ct.classes(trace)."
    return " Its way ends with a state: this model says no token."


def _cached(dataset: xr.Dataset) -> int:
    if is_masked(dataset):
        return 0
    key = dataset.get("key_turned", dataset.get("key_vector"))
    value = dataset.get("value_vector")
    return 0 if key is None or value is None else int(key.size + value.size)


def _sentence(
    dataset: xr.Dataset, steps: Sequence[dict[str, Any]], options: dict[str, Any]
) -> Runs:
    """Which token is followed, how exactly it adds up, what comes out."""
    token = str(dataset["input"].values[options["at"]])
    gaps = [step["gap"] for step in steps if step["gap"] is not None]
    runs: list[list[str]] = [
        ["in", token], ["", " goes through block "], ["b", str(options["layer"])],
        ["", f" in {len(steps)} steps; "], ["b", str(len(gaps))],
        ["", " of them are computed again from the steps before and agree to within "],
        ["b", quantity(max(gaps, default=float("nan")))], ["", " of their largest entry."],
    ]  # fmt: skip
    last = next((step for step in steps if step["name"] == "probability"), None)
    if last is not None:
        share = float(dataset["probability"].values[0])
        said = " In its place the model says " if is_masked(dataset) else _SAYS
        runs += [["", said], ["out", last["labels"][0]]]
        runs += [["", " with probability "], ["b", percent(share)], ["", "."]]
    else:
        runs.append(["", _silence(dataset)])
    if json.loads(dataset.attrs["refused"]):
        runs.append(["", " Parts that could not be proven are named in their place."])
    return runs
