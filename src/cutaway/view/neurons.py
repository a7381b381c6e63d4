"""Neurons: rows of neurons, columns of tokens, a layer at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import quantity
from .experts import expert_numbers, neuron_label
from .header import Runs, attribute, header
from .row import token_row
from .spec import Spec

__all__ = ["BUDGET", "FIRST", "neurons_spec"]

#: The most bytes of activations that a page carries; beyond it, the most active neurons only.
BUDGET = 4_000_000
#: How many of each block's first neurons are there, where the budget has room for more.
FIRST = 24
#: The most neurons of one block, however short the text.
MOST = 256
#: The fewest, however long: half of them are the most active.
_FEWEST = 8


def neurons_spec(dataset: xr.Dataset, *, budget: int | None = None) -> Spec:
    """Neuron rows x token columns, per layer: the first neurons and the most active ones.

    dataset  of neurons: activation (layer, neuron, position)
    budget   the most bytes of activations, BUDGET unless said; beyond it the most active neurons
    """
    options = attribute(dataset, "options")
    values = dataset["activation"].transpose("layer", "neuron", "position").values
    numbers = dataset["neuron"].values
    room = BUDGET if budget is None else budget
    first, rows = _rows(values, room, everything=options["chosen"])  # (layer, N)
    layer = np.arange(len(values))[:, None]
    shown = values[layer, rows].astype(np.float32)  # (layer, N, position)
    index = np.where(np.isnan(shown[..., 0]), -1, numbers[rows]).astype(np.int32)
    layers = [int(number) for number in dataset["layer"].values]
    own = {
        **token_row(dataset),
        "layers": layers,
        "of": [int(count) for count in (~np.isnan(values[..., 0])).sum(axis=1)],
        "first": first,
        "chosen": options["chosen"],
        "gated": options["gated"],
        "low": float(np.nanmin(shown)),
        "high": float(np.nanmax(shown)),
    }
    arrays = {"neuron": index, "activation": shown}
    arrays |= {name: found[layer, rows] for name, found in expert_numbers(dataset).items()}
    common = header(
        dataset,
        heading="Which neurons fired",
        about="Activation: the value that enters the MLP's down-projection, in the model's own "
        "units" + (" (gated MLP: its sign means nothing)." if options["gated"] else "."),
        sentence=_sentence(arrays, layers, own["inputs"]),
    )
    arrays["activity"] = np.nan_to_num(np.abs(shown)).max(axis=2).astype(np.float32)
    return Spec("neurons", common | own, arrays)


def _rows(values: NDArray[Any], budget: int, *, everything: bool) -> tuple[int, NDArray[np.int64]]:
    """How many first neurons are there, and (layer, N) which a page carries, ascending."""
    n_layers, count, T = values.shape
    room = min(MOST, max(_FEWEST, budget // (4 * n_layers * T)))
    if everything or room >= count:
        return FIRST, np.tile(np.arange(count), (n_layers, 1))
    first = FIRST if room > FIRST else room // 2
    activity = np.stack([np.nan_to_num(np.abs(one)).max(axis=1) for one in values])
    activity[:, :first] = np.inf  # always there
    return first, np.sort(np.argsort(-activity, axis=1, kind="stable")[:, :room], axis=1)


def _sentence(arrays: dict[str, NDArray[Any]], layers: list[int], inputs: list[str]) -> Runs:
    shown = arrays["activation"]
    strength = np.nan_to_num(np.abs(shown))
    layer, row, at = map(int, np.unravel_index(int(strength.argmax()), strength.shape))
    return [
        ["", "The strongest activation is "], ["b", quantity(float(shown[layer, row, at]))],
        ["", f", of neuron {neuron_label(arrays, (layer, row))} of layer {layers[layer]} at "],
        ["in", inputs[at]], ["", "."],
    ]  # fmt: skip
