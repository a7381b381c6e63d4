"""All heads of a block as one: their mean, their largest, or attention rolled out over blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import numpy as np

from ..core.choices import read_choice
from ..core.errors import InvalidError, MissingError
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .rollout import EncoderDecoderRollout, Rollout
from .weighting import weighted

__all__ = ["AGGREGATES", "BOTH_TEXTS", "aggregated", "read_aggregate"]

#: Every aggregate by name, with what it is.
AGGREGATES: Mapping[str, str] = {
    "mean": "the mean over the heads",
    "max": "the largest over the heads",
    "rollout": "attention rollout: the mean over heads and the residual stream in equal shares, "
    "multiplied from the first block upwards",
}
#: What a rollout is besides, of a decoder that reads a source.
BOTH_TEXTS = " through encoder and decoder, rows of both texts summing to 1 together"


def read_aggregate(
    trace: Trace,
    aggregate: str | None,
    weighting: str,
    layers: Sequence[int],
    heads: object,
) -> None:
    """Refuses what is no aggregate, and a rollout that would leave something out.

    heads  as they were asked for, None for all
    """
    if aggregate is None:
        return
    read_choice("aggregate", aggregate, AGGREGATES)
    if aggregate != "rollout":
        return
    _check_whole(trace)
    if list(layers) != list(range(len(layers))):
        raise InvalidError(
            "layers", list(layers), allowed="0 and those that follow: a rollout goes through them",
            fix="leave layers out, and pick from the answer: .sel(layer=...)",
        )  # fmt: skip
    if heads is not None:
        raise InvalidError("heads", heads, allowed="all, in a rollout", fix="leave heads out")
    if weighting != "weight":
        raise InvalidError("weighting", weighting, allowed="'weight', in a rollout")


def _check_whole(trace: Trace) -> None:
    """MissingError where a block on the way has no attention, of a source's encoder too."""
    counts = {"attention": trace.card.heads}
    if trace.encoder is not None:
        counts["cross-attention"] = trace.card.cross_heads
        counts["attention of the encoder"] = trace.encoder.card.heads
    for what, of in counts.items():
        without = [str(layer) for layer, count in enumerate(of) if not count]
        if without or not of:
            where = f" in layer {', '.join(without)}" if without else ""
            raise MissingError(
                "the rollout",
                because=f"it goes through every block, and there is no {what}{where}",
                fix="aggregate='mean' is block by block",
            )  # fmt: skip


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

    T = trace.n_positions
    shape = T, len(trace.source_ids) if cross else T
    if aggregate == "rollout":
        rollout, S = cache(partial(_rollout, trace)), len(trace.source_ids)
        part = slice(S) if cross else slice(S, None)
        return lambda rows: _filled(rows, shape, lambda row: rollout().upto(layers[row])[:, part])
    reduce = _mean if aggregate == "mean" else _largest
    return lambda rows: _filled(rows, shape, lambda row: reduce(whole(layers[row])))


def _rollout(trace: Trace) -> Rollout:
    """Through all blocks of a text; of one with a source through its encoder before."""
    own = partial(_mean_of, trace, False)
    if trace.encoder is None:
        return Rollout(own, trace.n_positions)
    read = _rollout(trace.encoder).upto(trace.encoder.n_layers - 1)
    return EncoderDecoderRollout(own, partial(_mean_of, trace, True), read, trace.n_positions)


def _mean_of(trace: Trace, cross: bool, layer: int) -> Floats:
    """(T, T) or, of the attention to the source, (T, S): the mean over all heads of a block."""
    count = (trace.card.cross_heads if cross else trace.card.heads)[layer]
    return _mean(weighted(trace, layer, range(count), "weight", cross=cross))


def _mean(whole: Floats) -> Floats:
    return np.asarray(whole.mean(axis=0, dtype=np.float64))


def _largest(whole: Floats) -> Floats:
    return np.asarray(whole.max(axis=0))


def _filled(rows: Ints, shape: tuple[int, int], make: Callable[[int], Floats]) -> Floats:
    """(rows, T, S) float32, made one after the other: each is let go before the next."""
    found = np.empty((len(rows), *shape), dtype=np.float32)
    for place, row in enumerate(rows):
        found[place] = make(row)
    return found
