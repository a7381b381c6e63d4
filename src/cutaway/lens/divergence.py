"""Where two runs diverge: the first layer at which their top tokens differ, and how far their
states are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import MissingError
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .comparison import Comparison
from .sequence_alignment import one_vocabulary

__all__ = ["diverged_at", "divergence_notes", "same_top", "state_distance", "with_divergence"]


def with_divergence(dataset: xr.Dataset, pair: Comparison) -> xr.Dataset:
    """A compared logit lens with same_top, diverged_at and, where it can be had, state_distance.

    returns  also same_top, state_distance (layer, position), diverged_at (position); probability
             and logit keep their difference where both have the same token only
    """
    by_id = one_vocabulary(pair.a, pair.b)
    same = same_top(dataset, by_id=by_id)
    _same_tokens_only(dataset, by_id)
    dataset["same_top"] = ("layer", "position"), same, {"units": "1 is the same top token"}
    first = diverged_at(same, dataset["layer"].values)
    dataset["diverged_at"] = (
        "position",
        first,
        {"units": "layer", "long_name": "first that differs"},
    )
    slots = (dataset["position_a"].values, dataset["position_b"].values)
    try:
        found = state_distance(pair.a, pair.b, pair.layer_numbers, slots)
    except MissingError:
        return dataset  # its notes say why
    words = {"units": "1", "long_name": "|state of b - state of a| over their mean norm"}
    return dataset.assign(state_distance=(("layer", "position"), found, words))


def divergence_notes(a: Trace, b: Trace) -> tuple[str, ...]:
    """What a reader should know of the states of two models; nothing of one model's."""
    if a.card.width != b.card.width:
        return (
            f"The residual states have {a.card.width} and {b.card.width} numbers, so they have "
            "no difference.",
        )
    if a.card == b.card:
        return ()
    return (
        "The states of two models are compared number by number: that means something for two "
        "versions of one model only.",
    )


def same_top(data: xr.Dataset, *, by_id: bool) -> NDArray[np.float32]:
    """(layer, slot) 1 where both have the same top token, 0 where not, NaN where one has none.

    data   with token_id and token (run, layer, position, k)
    by_id  whether an id means the same in both; else tokens are told apart by their labels
    """
    first, second = data["token_id"].values[:2, ..., 0]
    name = "token_id" if by_id else "token"
    tops = data[name].values[:2, ..., 0]
    same = np.asarray(tops[0] == tops[1], dtype=np.float32)
    return np.where((first < 0) | (second < 0), np.float32(np.nan), same)


def diverged_at(same: NDArray[np.float32], layers: Ints) -> NDArray[np.float64]:
    """(slot,) the first layer at which the top tokens differ; NaN where they never do.

    same  (layer, slot) of same_top

    >>> diverged_at(np.array([[1.0, 1.0], [0.0, 1.0]], np.float32), np.array([-1, 0])).tolist()
    [0.0, nan]
    """
    apart = same == 0
    first = layers[apart.argmax(axis=0)].astype(np.float64)
    return np.where(apart.any(axis=0), first, np.nan)


def state_distance(
    a: Trace,
    b: Trace,
    layers: tuple[Sequence[int | None], Sequence[int | None]],
    slots: tuple[Ints, Ints],
) -> NDArray[np.float32]:
    """(layer, slot) |state of b - state of a| over the mean of their norms, 0 to 2.

    layers  the layer of each in a and in b, -1 for the input state, None for none
    slots   the position of each in a and in b, -1 for none
    raises  MissingError where the states are of unequal width, or were not kept

    0 is the same state; 2 is the opposite one. One layer is held at a time.
    """
    if a.card.width != b.card.width:
        raise MissingError(
            "the difference of the residual states",
            because=f"they have {a.card.width} and {b.card.width} numbers",
        )
    rows = [
        np.full(len(slots[0]), np.nan) if la is None or lb is None
        else _relative_distance(_state(a, la), _state(b, lb), slots)
        for la, lb in zip(*layers, strict=True)
    ]  # fmt: skip
    return np.stack(rows).astype(np.float32)


def _state(trace: Trace, layer: int) -> Floats:
    """(T, width) the residual state after a block; -1 before block 0."""
    state: Floats = trace.material("states", (layer,))[layer].astype(np.float64)
    return state


def _relative_distance(a: Floats, b: Floats, slots: tuple[Ints, Ints]) -> Floats:
    known = (slots[0] >= 0) & (slots[1] >= 0)
    first, second = a[np.maximum(slots[0], 0)], b[np.maximum(slots[1], 0)]
    norm = (np.linalg.norm(first, axis=-1) + np.linalg.norm(second, axis=-1)) / 2
    gap = np.linalg.norm(second - first, axis=-1)
    share: Floats = np.divide(gap, norm, out=np.zeros_like(gap), where=norm > 0)
    return np.where(known, share, np.nan)


def _same_tokens_only(dataset: xr.Dataset, by_id: bool) -> None:
    """Takes out the differences of probability and logit between two different tokens."""
    for prefix in ("", "inside_"):
        name = f"{prefix}token_id" if by_id else f"{prefix}token"
        if name not in dataset:
            continue
        differ = dataset[name].values[0] != dataset[name].values[1]
        for variable in (f"{prefix}probability", f"{prefix}logit"):
            dataset[variable].values[2][differ] = np.nan
