"""One token's way through one block: one variable per step, named by it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import read_layer, read_position
from ..core.progress import working
from ..trace.trace import Trace
from ..trace.walk import Step, Walk
from .dataset import finish, token_coords

__all__ = ["LARGEST", "walk"]

#: Longer texts have no whole matrices of weights beside the rows of the position.
LARGEST = 256


def walk(trace: Trace, *, at: int = -1, layer: int = 0) -> xr.Dataset:
    """Every step of one position through one block, with the real numbers.

    at       the position, from the end where negative
    layer    the block
    returns  one variable per step: entries of a state (channel), of a head (feature), MLP neurons
             (neuron), scores (head, key); change (layer, position), how much each block changed
             each state: |after - before| / |before|; all_weights (head, query, position) and
             masked (query, position), every row of the block's attention, for texts of up to
             LARGEST tokens
    """
    position = read_position(at, trace.n_positions, "at")
    block = read_layer(layer, trace.n_layers, with_input=False)
    with working("proving every step"):
        found = trace.source.walk(trace, layer=block, at=position)
    dataset = xr.Dataset({step.name: _variable(step, found) for step in found.steps})
    dataset = dataset.assign(change=(("layer", "position"), _change(trace)))
    tokens = token_coords(trace, range(trace.n_positions))
    dataset = dataset.assign_coords({"layer": np.arange(trace.n_layers), **tokens})
    dataset = _with_matrices(dataset, trace, block)
    dataset["change"].attrs.update(units="1", long_name="|after - before| / |before|")
    dataset.attrs["steps"] = json.dumps([_told(step, trace) for step in found.steps])
    dataset.attrs["table"] = "change"
    dataset.attrs["refused"] = json.dumps(dict(found.refused))
    options = {"at": position, "layer": block}
    return finish(dataset, trace, lens="walk", options=options)


def _with_matrices(dataset: xr.Dataset, trace: Trace, layer: int) -> xr.Dataset:
    """The same with the softmax rows of every position, and where each may look.

    all_weights (head, query, position);  masked (query, position), 1 where a query may not look
    """
    if "weights" not in dataset or trace.n_positions > LARGEST:
        return dataset
    heads = range(dataset.sizes["head"])
    whole = trace.source.attention(trace, layer, heads)
    blocked = trace.attention_call(layer).blocked([0])[0].astype(np.float32)
    return dataset.assign(
        all_weights=(("head", "query", "position"), whole),
        masked=(("query", "position"), blocked),
    )


def _variable(step: Step, found: Walk) -> xr.Variable:
    """A step's numbers; an axis whose size another step's differs from gets that step's name."""
    sizes: dict[str, int] = {}
    for other in found.steps:
        for axis, size in zip(other.axes, other.values.shape, strict=True):
            sizes.setdefault(axis, size)
    axes = tuple(
        axis if sizes[axis] == size else f"{step.name}_{axis}"
        for axis, size in zip(step.axes, step.values.shape, strict=True)
    )
    return xr.Variable(axes, step.values, {"units": "1", "long_name": step.title})


def _told(step: Step, trace: Trace) -> dict[str, Any]:
    """What a view needs of a step beside its numbers, as JSON values."""
    labels = [piece.label for piece in trace.source.pieces(step.ids)] if step.axes == ("k",) else []
    return {
        "name": step.name, "title": step.title, "stage": step.stage, "formula": step.formula,
        "axes": list(step.axes), "inputs": list(step.inputs), "module": step.module,
        "weights": {name: list(shape) for name, shape in step.weights.items()},
        "gap": None if np.isnan(step.gap) else float(step.gap),
        "ids": list(step.ids), "labels": labels,
    }  # fmt: skip


def _change(trace: Trace) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(L, T) how much each block changed each state, relative to its length before."""
    states = [trace.state(layer).astype(np.float64) for layer in range(-1, trace.n_layers)]
    rows = [
        np.linalg.norm(after - before, axis=-1) / np.linalg.norm(before, axis=-1)
        for before, after in pairwise(states)
    ]
    return np.asarray(rows, dtype=np.float32)
