"""The routers of two mixtures: to which experts a token was sent in either, with what weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..core.errors import InvalidError
from ..trace.source import Floats
from ..trace.trace import Trace
from .compare_attention import total_variation
from .comparison import Comparison
from .routing import experts

__all__ = ["compare_experts"]

_NUMBERED = (
    "The experts of two models are compared by their numbers: that means something for two "
    "versions of one model only."
)
#: Of the layers themselves: how many experts there are, and what their scores are.
_OF_LAYERS = ("experts", "scores")
_VARIATION = {
    "units": "1", "long_name": "total variation between the weights as shares of their sums",
}  # fmt: skip


def compare_experts(a: Trace, b: Trace, *, layers: int | Sequence[int] | None = None) -> Comparison:
    """What the routers of both did, expert by expert, and how far that is apart.

    layers   None: every block with a mixture
    answers  probability, weight (layer, position, expert), the latter 0 where an expert was not
             called; load (layer, expert), entropy (layer, position), load_entropy (layer)
    also     shared (layer, position), how many experts both called; variation (layer, position),
             the total variation between the weights as shares of their sums, 0 to 1; rerouted
             (position), the share of layers in which no expert is the same
    """
    _check(a, b)
    first, second = (_by_expert(experts(trace, layers=layers)) for trace in (a, b))
    return Comparison(
        a, b, (first, second), ("position",),
        common=xr.Dataset(coords={name: first[name] for name in _OF_LAYERS}),
        extend=_with_changes, lens_notes=(_NUMBERED,) if a.card != b.card else (),
    )  # fmt: skip


def _check(a: Trace, b: Trace) -> None:
    """Refuses models whose experts have no counterparts."""
    if [(n, name) for n, _, name in a.card.routers] != [(n, name) for n, _, name in b.card.routers]:
        raise InvalidError(
            "pair of models for experts", (a.card.name, b.card.name),
            allowed="one model, or two versions of it: mixtures of equally many experts in the "
            "same blocks, with the same kind of scores",
        )  # fmt: skip


def _by_expert(answer: xr.Dataset) -> xr.Dataset:
    """What a lens tells of the experts called, strongest first, told of every expert instead."""
    chosen, weight = answer["chosen"].values, answer["weight"].values
    whole = np.zeros(answer["probability"].shape, dtype=np.float32)
    layer, at, k = np.nonzero(chosen >= 0)
    # A table by token may name an expert twice: it is given both weights.
    np.add.at(whole, (layer, at, chosen[layer, at, k]), weight[layer, at, k])
    for row, count in enumerate(answer["experts"].values):
        whole[row, :, count:] = np.nan
    axes = ("layer", "position", "expert")
    kept = answer[["probability", "load", "entropy", "load_entropy"]]
    return kept.assign(weight=(axes, whole, answer["weight"].attrs))


def _with_changes(dataset: xr.Dataset, pair: Comparison) -> xr.Dataset:  # noqa: ARG001
    """With what changed in each cell; one layer of weights is held at a time."""
    shape = dataset.sizes["layer"], dataset.sizes["position"]
    variation, shared, rerouted = (np.full(shape, np.nan, dtype=np.float32) for _ in range(3))
    known = (dataset["position_a"].values >= 0) & (dataset["position_b"].values >= 0)
    for row in range(shape[0]):
        first, second = dataset["weight"].isel(run=slice(0, 2), layer=row).values
        variation[row] = total_variation(_shares(first), _shares(second))
        called = [np.nan_to_num(weight) != 0 for weight in (first, second)]
        same = (called[0] & called[1]).sum(axis=-1)
        shared[row, known] = same[known]
        rerouted[row, known] = ((same == 0) & (called[0] | called[1]).any(axis=-1))[known]
    grid = ("layer", "position")
    found = {
        "variation": (grid, variation, _VARIATION),
        "shared": (grid, shared, {"units": "1", "long_name": "experts that both called"}),
        "rerouted": (
            ("position",), rerouted.mean(axis=0, dtype=np.float64).astype(np.float32),
            {"units": "1", "long_name": "share of layers in which no expert is the same"},
        ),
    }  # fmt: skip
    return dataset.assign(found).assign_attrs(table="variation")


def _shares(weight: Floats) -> Floats:
    """(position, expert) weights over their sum; all 0 where no expert was called, NaN stays."""
    exact = weight.astype(np.float64)
    total = np.nansum(exact, axis=-1, keepdims=True)
    shares: Floats = np.divide(exact, total, out=exact.copy(), where=total != 0)
    return shares
