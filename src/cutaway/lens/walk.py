"""One token's way through one block: one variable per step, named by it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import read_layer
from ..core.errors import MissingError
from ..core.progress import working
from ..core.room import check_room
from ..trace.trace import Trace
from ..trace.walk import Step, Walk
from .attention_kind import read_attention_kind
from .attention_memory import attention_memory
from .dataset import finish, token_coords
from .position import read_at_or_target
from .precision import RELOAD, noting_uncertain

__all__ = ["LARGEST", "walk"]

#: Longer texts have no whole matrices of weights beside the rows of the position.
LARGEST = 256


def walk(trace: Trace, *, at: int | None = None, layer: int = 0) -> xr.Dataset:
    """Every step of one position through one block, with the real numbers.

    at       the position, from the end where negative; None: the last, or the first mask
    layer    the block
    returns  one variable per step: entries of a state (channel), of a head (feature), MLP neurons
             (neuron), scores (head, key), of a decoder's attention to its source (head, source);
             change (layer, position), how much each block changed each state:
             |after - before| / |before|; all_weights (head, query, position), masked (query,
             position) and all_cross_weights (head, query, source), every row of the block's
             attention, for texts of up to LARGEST tokens
    """
    position = read_at_or_target(trace, at, None)
    block = read_layer(layer, trace.n_layers, with_input=False)
    if trace.card.heads and trace.card.heads[block]:
        kind = read_attention_kind(trace, "self")
        needed = attention_memory(kind, [block], "output_norm").of_heads(1)
        check_room("the weights of the block", needed, "take a shorter text")
    with working("proving every step"):
        found = trace.source.walk(trace, layer=block, at=position)
    dataset = xr.Dataset({step.name: _variable(step, found) for step in found.steps})
    dataset = dataset.assign(change=(("layer", "position"), _change(trace)))
    tokens = token_coords(trace, range(trace.n_positions))
    dataset = dataset.assign_coords({"layer": np.arange(trace.n_layers), **tokens})
    dataset = _with_source(_with_matrices(dataset, trace, block), trace, block)
    counted = {
        axis: np.arange(n) for axis, n in dataset.sizes.items() if axis not in dataset.coords
    }
    dataset = dataset.assign_coords(counted)
    dataset["change"].attrs.update(units="1", long_name="|after - before| / |before|")
    dataset.attrs["steps"] = json.dumps([_told(step, trace) for step in found.steps])
    dataset.attrs["table"] = "change"
    dataset.attrs["refused"] = json.dumps(dict(found.refused))
    options = {"at": position, "layer": block}
    noted = trace
    if "logits" in dataset:  # the largest of the head, best first
        noted = noting_uncertain(trace, dataset["logits"].values[None], (), advice=RELOAD)
    return finish(dataset, noted, lens="walk", options=options)


def _with_matrices(dataset: xr.Dataset, trace: Trace, layer: int) -> xr.Dataset:
    """The same with the softmax rows of every position, and where each may look.

    all_weights (head, query, position);  masked (query, position), 1 where a query may not look,
    where that can be had
    """
    if "weights" not in dataset or trace.n_positions > LARGEST:
        return dataset
    heads = range(dataset.sizes["head"])
    whole = trace.source.attention(trace, layer, heads)
    dataset = dataset.assign(all_weights=(("head", "query", "position"), whole, {"units": "1"}))
    try:
        blocked = trace.attention_call(layer).blocked([0])[0].astype(np.float32)
    except MissingError:  # its scores are made in a way of the model's own
        return dataset
    return dataset.assign(masked=(("query", "position"), blocked, {"units": "1"}))


def _with_source(dataset: xr.Dataset, trace: Trace, layer: int) -> xr.Dataset:
    """The same with the tokens of the source that a decoder reads, and every row on them."""
    source = trace.encoder
    if source is None:
        return dataset
    dataset = dataset.assign_coords(token_coords(source, range(source.n_positions), "source"))
    if "cross_weights" not in dataset or max(trace.n_positions, source.n_positions) > LARGEST:
        return dataset
    axis = dataset["cross_weights"].dims[0]
    heads = range(dataset["cross_weights"].sizes[axis])
    whole = trace.source.cross_attention(trace, layer, heads)
    return dataset.assign(all_cross_weights=((axis, "query", "source"), whole, {"units": "1"}))


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
