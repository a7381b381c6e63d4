"""All heads of a block as one: their mean, their largest, or attention rolled out over blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..core.errors import InvalidError, MissingError, UnknownError
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .rollout import Rollout
from .weighting import weighted

__all__ = ["AGGREGATES", "aggregated", "read_aggregate"]

#: Every aggregate by name, with what it is.
AGGREGATES: Mapping[str, str] = {
    "mean": "the mean over the heads",
    "max": "the largest over the heads",
    "rollout": "attention rollout: the mean over heads and the residual stream in equal shares, "
    "multiplied from the first block upwards",
}


def read_aggregate(
    trace: Trace,
    aggregate: str | None,
    weighting: str,
    layers: Sequence[int],
    heads: object,
    *,
    cross: bool = False,
) -> None:
    """Refuses what is no aggregate, and a rollout that would leave something out.

    heads  as they were asked for, None for all
    """
    if aggregate is None:
        return
    if aggregate not in AGGREGATES:
        raise UnknownError("aggregate", aggregate, allowed=AGGREGATES)
    if aggregate != "rollout":
        return
    if cross:
        raise InvalidError(
            "aggregate", aggregate, allowed="'mean' or 'max' of cross-attention",
            fix="a rollout goes through the blocks of one text",
        )  # fmt: skip
    without = [layer for layer, count in enumerate(trace.card.heads) if not count]
    if without:
        raise MissingError(
            "the rollout", because="it goes through every block, and there is no attention in "
            f"layer {', '.join(map(str, without))}", fix="aggregate='mean' is block by block",
        )  # fmt: skip
    if list(layers) != list(range(len(layers))):
        raise InvalidError(
            "layers", list(layers), allowed="0 and those that follow: a rollout goes through them",
            fix="leave layers out, and pick from the answer: .sel(layer=...)",
        )  # fmt: skip
    if heads is not None:
        raise InvalidError("heads", heads, allowed="all, in a rollout", fix="leave heads out")
    if weighting != "weight":
        raise InvalidError("weighting", weighting, allowed="'weight', in a rollout")


def aggregated(
    trace: Trace,
    layers: Sequence[int],
    heads: Mapping[int, Sequence[int]],
    weighting: str,
    aggregate: str,
    *,
    cross: bool = False,
) -> Callable[[Ints], Floats]:
    """Rows of the layer axis -> (rows, T, S) float32 aggregates of these layers.

    heads  of each layer
    cross  of the attention to the source's S tokens, and not to the T of the text itself
    """

    def whole(layer: int) -> Floats:
        return weighted(trace, layer, heads[layer], weighting, cross=cross)

    if aggregate == "rollout":
        rollout = Rollout(lambda layer: _mean(whole(layer)), trace.n_positions)
        return lambda rows: _stacked([rollout.upto(layers[row]) for row in rows])
    reduce = _mean if aggregate == "mean" else _largest
    return lambda rows: _stacked([reduce(whole(layers[row])) for row in rows])


def _mean(whole: Floats) -> Floats:
    return np.asarray(whole.mean(axis=0, dtype=np.float64))


def _largest(whole: Floats) -> Floats:
    return np.asarray(whole.max(axis=0))


def _stacked(grids: Sequence[Floats]) -> Floats:
    return np.stack([grid.astype(np.float32) for grid in grids])
