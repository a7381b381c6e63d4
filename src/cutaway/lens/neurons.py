"""Neuron activations: the values that enter each block's MLP down-projection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..core.axes import as_list, read_whole
from ..core.errors import InvalidError
from ..core.returned import Kept
from ..core.room import check_room
from ..trace.keep import pass_bytes
from ..trace.source import Floats
from ..trace.trace import Trace
from .dataset import finish, token_coords
from .expert_neurons import expert_coords
from .layers_with import read_layers_with

__all__ = ["neuron_bytes", "neurons", "read_neuron_layers", "replay_bytes", "stacked"]


def neurons(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    neurons: int | Sequence[int] | None = None,
) -> xr.Dataset:
    """The activation of every neuron of the chosen blocks at every position.

    layers   None: every block that has neurons
    neurons  None: all of them; a list keeps these, in this order
    returns  activation (layer, neuron, position) float32; NaN where a block has fewer neurons;
             in a mixture the coordinates expert and expert_neuron (layer, neuron)
    source   https://jalammar.github.io/explaining-transformers/
    """
    chosen = read_neuron_layers(trace, layers)
    arrays = stacked(trace, chosen)  # (layer, neuron, position)
    numbers = _read_numbers(neurons, arrays.shape[1])
    neuron = np.arange(arrays.shape[1])[numbers]
    dataset = xr.Dataset(
        {
            "activation": (
                ("layer", "neuron", "position"),
                arrays[:, numbers],
                {"units": "the model's own"},
            )
        },
        coords={
            "layer": np.asarray(chosen, dtype=np.int64),
            "neuron": neuron,
            **expert_coords(trace.card, chosen, neuron),
            **token_coords(trace, range(trace.n_positions)),
        },
    )
    options = {
        "layers": list(chosen), "gated": trace.card.gated, "chosen": neurons is not None,
    }  # fmt: skip
    return finish(dataset, trace, lens="neurons", options=options)


def read_neuron_layers(trace: Trace, layers: int | Sequence[int] | None) -> tuple[int, ...]:
    """The layers asked for, ascending; those without neurons are refused by number."""
    return tuple(sorted(read_layers_with(trace, layers, "neurons", trace.card.neurons)))


def _read_numbers(neurons: int | Sequence[int] | None, count: int) -> slice | list[int]:
    if neurons is None:
        return slice(None)
    numbers = [read_whole("neuron", number, 0, count - 1) for number in as_list(neurons)]
    if not numbers or len(set(numbers)) != len(numbers):
        raise InvalidError("neurons", neurons, allowed="one or more different neurons")
    return numbers


def stacked(trace: Trace, layers: Sequence[int]) -> Floats:
    """(layer, neuron, position) activations; NaN beyond a block's own number of neurons."""
    check_room(
        "the activations of the neurons",
        neuron_bytes(trace, layers) + replay_bytes(trace, layers),
        "give fewer layers, or a shorter text",
    )
    material, freed = dict(trace.material("neurons", layers)), Kept()
    widest = max(material[layer].shape[1] for layer in layers)
    arrays = np.empty((len(layers), widest, trace.n_positions), dtype=np.float32)
    for row, layer in enumerate(layers):
        own = material.pop(layer).T
        arrays[row, : len(own)] = own
        arrays[row, len(own) :] = np.nan
        freed.add(own.nbytes)  # one that was replayed is no longer needed
    return arrays


def neuron_bytes(trace: Trace, layers: Sequence[int]) -> int:
    """Bytes of the activations of all neurons of some blocks, as float32."""
    return 4 * trace.n_positions * len(layers) * max(trace.card.neurons)


def replay_bytes(trace: Trace, layers: Sequence[int]) -> int:
    """Bytes that the pass takes which reads the text again; 0 where it need not be read."""
    kept = trace.materials.get("neurons", {})
    if all(layer in kept for layer in layers):
        return 0
    return pass_bytes(trace.card, trace.n_positions)
