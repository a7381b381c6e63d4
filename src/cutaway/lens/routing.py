"""What the routers of a mixture chose: every expert's score, the experts chosen, their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.room import check_room
from ..trace.source import Floats
from ..trace.trace import Trace
from .dataset import finish, strings, token_coords
from .layers_with import noting_absent, read_layers_with

__all__ = ["experts", "read_router_layers"]

#: Of a score: itself, whether its expert was called, and what a comparison of them takes.
_BYTES = 10
_NONE = "it has no mixture of experts"
_UNKNOWN = (
    "no scores of layer {}: the weights there follow no known function of what a module of the "
    "router gives, or are the same whatever it gives"
)


def experts(trace: Trace, *, layers: int | Sequence[int] | None = None) -> xr.Dataset:
    """The routers' scores and choices in the chosen blocks, at every position.

    layers   None: every block with a mixture
    returns  probability (layer, position, expert), the router's own scores; chosen,
             chosen_probability, weight (layer, position, k), the strongest first, -1 and NaN where
             none is called; load (layer, expert), the share of positions that called
             it; entropy (layer, position) of the scores as shares of their sum, load_entropy
             (layer) of the load's, in nats; passed_over (layer, position), experts not chosen
             whose score is above a chosen one's, -1 without scores
    source   Shazeer et al. 2017, https://arxiv.org/abs/1701.06538; Fedus et al. 2021,
             https://arxiv.org/abs/2101.03961
    """
    picked = read_router_layers(trace, layers)
    sizes = [trace.card.routers[layer] for layer in picked]
    cells = trace.n_positions * len(picked) * max(count for count, _, _ in sizes)
    check_room("the scores of the experts", _BYTES * cells, "give fewer layers, or a shorter text")
    probability, chosen, weight = _unpacked(trace, picked)
    load = _load(chosen, [count for count, _, _ in sizes], probability.shape[2])
    grid = ("layer", "position")
    dataset = xr.Dataset(
        {
            "probability": ((*grid, "expert"), probability, {"units": "1"}),
            "chosen": ((*grid, "k"), chosen, {"units": "1"}),
            "chosen_probability": ((*grid, "k"), _of(probability, chosen), {"units": "1"}),
            "weight": ((*grid, "k"), weight, {"units": "1"}),
            "load": (("layer", "expert"), load, {"units": "1"}),
            "entropy": (grid, _entropy(probability), {"units": "nats"}),
            "load_entropy": (("layer",), _entropy(load), {"units": "nats"}),
            "passed_over": (grid, _passed_over(probability, chosen), {"units": "1"}),
        },
        coords={
            "layer": np.asarray(picked, dtype=np.int64),
            "experts": (("layer",), np.asarray([count for count, _, _ in sizes], dtype=np.int64)),
            "scores": (("layer",), strings(name for _, _, name in sizes)),
            **token_coords(trace, range(trace.n_positions)),
            "expert": np.arange(probability.shape[2]),
            "k": np.arange(chosen.shape[2]),
        },
        attrs={"table": "weight"},
    )
    return finish(dataset, _noted(trace, picked), lens="experts", options={"layers": list(picked)})


def read_router_layers(trace: Trace, layers: int | Sequence[int] | None) -> tuple[int, ...]:
    """The layers asked for, ascending; those without a mixture are refused by number."""
    counts = [count for count, _, _ in trace.card.routers]
    return tuple(sorted(read_layers_with(trace, layers, "experts", counts, _NONE)))


def _noted(trace: Trace, layers: Sequence[int]) -> Trace:
    """The trace with notes of the layers without a mixture, and of those without scores."""
    noted = noting_absent(trace, "a mixture", [count for count, _, _ in trace.card.routers])
    unknown = [str(layer) for layer in layers if not trace.card.routers[layer][2]]
    words = [_UNKNOWN.format(", ".join(unknown))] if unknown else []
    return replace(noted, notes=(*noted.notes, *words))


def _unpacked(trace: Trace, layers: Sequence[int]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Scores (layer, position, expert), numbers and weights (layer, position, k)."""
    sizes = [trace.card.routers[layer] for layer in layers]
    most, widest = max(count for count, _, _ in sizes), max(k for _, k, _ in sizes)
    material, T = trace.material("experts", layers), trace.n_positions
    scores = np.full((len(layers), T, most), np.nan, dtype=np.float32)
    chosen = np.full((len(layers), T, widest), -1, dtype=np.int64)
    weight = np.full((len(layers), T, widest), np.nan, dtype=np.float32)
    for row, (layer, (count, k, name)) in enumerate(zip(layers, sizes, strict=True)):
        kept = np.asarray(material[layer])
        if name:
            scores[row, :, :count] = kept[:, :count]
        numbers, weights = _called(kept[:, -2 * k : -k], kept[:, -k:], count)
        chosen[row, :, :k], weight[row, :, :k] = numbers, weights
    return scores, chosen, weight


def _called(numbers: Floats, weights: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """(T, k) the experts by falling weight; one of weight 0 adds nothing, and is not called."""
    order = np.argsort(-weights, axis=1, kind="stable")
    ids = np.take_along_axis(numbers, order, axis=1).astype(np.int64)
    own = np.take_along_axis(weights, order, axis=1)
    idle = (own == 0) | (ids >= count)
    return np.where(idle, -1, ids), np.where(idle, np.float32(np.nan), own)


def _of(probability: Floats, chosen: NDArray[np.int64]) -> Floats:
    """(layer, position, k) the scores of the experts called; NaN where none is."""
    own = np.take_along_axis(probability, np.maximum(chosen, 0), axis=2)
    return np.where(chosen >= 0, own, np.float32(np.nan))


def _load(chosen: NDArray[np.int64], counts: Sequence[int], most: int) -> Floats:
    """(layer, expert) the share of positions that called it; NaN beyond a block's own experts."""
    load = np.full((len(chosen), most), np.nan, dtype=np.float32)
    for row, count in enumerate(counts):
        for expert in range(count):
            load[row, expert] = (chosen[row] == expert).any(axis=1).mean()
    return load


def _entropy(values: Floats) -> Floats:
    """(...,) -sum p ln p over the last axis, of values as shares of their sum; NaN without any."""
    if values.ndim > 2:  # a layer at a time: float64 takes twice the room
        return np.stack([_entropy(one) for one in values])
    exact = values.astype(np.float64)
    total = np.nansum(exact, axis=-1)
    known = total != 0
    share = np.nan_to_num(exact) / np.where(known, total, 1)[..., None]
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.where(known, -(share * logs).sum(axis=-1), np.nan).astype(np.float32)


def _passed_over(probability: Floats, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """(layer, position) experts not chosen whose score is above the least of a chosen one."""
    called = np.zeros(probability.shape, dtype=bool)
    layer, at, k = np.nonzero(chosen >= 0)
    called[layer, at, chosen[layer, at, k]] = True
    least = np.where(called, probability, np.inf).min(axis=2, keepdims=True)
    above = (~called & (probability > least)).sum(axis=2)
    return np.where(np.isnan(probability).all(axis=2), -1, above)
