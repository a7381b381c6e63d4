"""Is the explanation true? Take out the tokens it calls important and watch the probability fall.

Source: Samek et al. 2017 (deletion curves); DeYoung et al. 2020 (comprehensiveness).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import read_seed, read_whole
from ..core.errors import InvalidError, MissingError
from ..trace.source import Ablation, Floats
from ..trace.trace import Trace
from .dataset import finish, strings, token_coords
from .saliency_methods import blank, read_token

__all__ = ["RANDOM", "deletion", "order"]

#: Random orders drawn as a control.
RANDOM = 10
#: Points of a curve on a long text, beside the start.
_POINTS = 10
_BOOTSTRAP = 2000
_INTERVAL = (0.025, 0.975)
#: The curves: the explanation, what taking tokens out says itself, and the two that know nothing.
_CURVES = ("saliency", "occlusion", "random", "constant")


def deletion(
    trace: Trace,
    saliency: xr.Dataset,
    *,
    target: int | None = None,
    seed: int = 0,
    replacement: str | int | None = None,
) -> xr.Dataset:
    """The probability of a token as the tokens before it are taken out, most important first.

    target       one of the explanation's targets; None is its last
    seed         of the random orders and of the bootstrap
    replacement  the token put in the place of one taken out; None: what `blank` says
    returns      probability (run, k) after k tokens are gone, low, high (k) the 95 % interval of
                 the random orders' mean; fall (run) the mean drop in probability over all k;
                 advantage, advantage_low, advantage_high: the explanation's fall above random's;
                 place (source) 1 for the token that goes first; of an encoder-decoder those
                 are the decoder's, and source_place (source_position) the encoder's: tokens of
                 both texts go in one order
    run          saliency; occlusion (each token taken out alone); random (mean of 10 orders);
                 constant (a scorer that knows nothing). Equal scores are ranked against the
                 scorer: of two, the token that matters less by occlusion goes first
    raises   MissingError for a model without probabilities; InvalidError for a target that was
             not explained, or whose shares are undefined
    """
    if trace.card.task and not trace.card.scores:
        raise MissingError(
            "a probability to watch", because="this model gives scores and no probabilities"
        )
    at = _read_target(saliency, target)
    put, shares = _read_blank(trace, replacement), _shares(trace, saliency, at)

    def logprobs(removed: Sequence[tuple[int, ...]]) -> Floats:
        wanted = Ablation(
            at, _explained(saliency, at), tuple(removed), replacement=put, row=_row(saliency, at)
        )
        return trace.source.ablate(trace, wanted)

    draws = np.random.default_rng(read_seed(seed))
    orders = _orders(shares, logprobs, draws)
    n = len(shares)
    counts = np.unique(np.linspace(0, n, min(n, _POINTS) + 1).round().astype(int))
    removed = [tuple(each[:k].tolist()) for each in orders for k in counts]
    curves = np.exp(logprobs(removed)).reshape(len(orders), len(counts)).astype(np.float64)
    dataset = _dataset(trace, curves, counts, orders[0], draws)
    options = {
        "target": at, "seed": seed, "replacement": put,
        "explained": str(saliency["explained"].sel(target=at).item()),
        "method": saliency.attrs["method_words"], "replaced_by": _label(trace, put),
    }  # fmt: skip
    return finish(dataset, trace, lens="deletion", options=options)


def _orders(
    shares: Floats,
    logprobs: Callable[[Sequence[tuple[int, ...]]], Floats],
    draws: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """Of _CURVES the saliency's order, occlusion's, the constant's; then the random ones.

    logprobs  of texts with these positions taken out
    """
    n = len(shares)
    whole, *alone = logprobs([(), *((i,) for i in range(n))])
    lost = whole - np.asarray(alone)
    told = [order(shares, lost), order(lost, lost), order(np.zeros(n), lost)]
    return told + [draws.permutation(n) for _ in range(RANDOM)]


def order(scores: Floats, lost: Floats) -> NDArray[np.int64]:
    """(n,) sources, highest score first; equal ones by what is lost without them, least first.

    The rule is against the scorer, so that one that calls all tokens equal can't profit.

    >>> order(np.array([0.2, 0.2, 0.6]), np.array([3.0, 1.0, 0.0]))
    array([2, 1, 0])
    """
    return np.lexsort((lost, -scores))


def _shares(trace: Trace, saliency: xr.Dataset, target: int) -> Floats:
    """(n,) the shares of all that the target was said from: a source's tokens first.

    Raises InvalidError where they are undefined.
    """
    n = trace.n_positions if trace.card.is_masked else target
    shares: Floats = saliency["saliency"].sel(target=target).values[:n]
    if "source_saliency" in saliency:
        source = saliency["source_saliency"].sel(target=target).values
        shares = np.concatenate([source, shares])
    if np.isnan(shares).any():
        raise InvalidError(
            "target", target, allowed="a target whose shares are defined",
            fix="every score of this one is 0",
        )  # fmt: skip
    return shares


def _dataset(
    trace: Trace,
    curves: NDArray[np.float64],
    counts: NDArray[np.int64],
    first: NDArray[np.int64],
    draws: np.random.Generator,
) -> xr.Dataset:
    """(3 + RANDOM, K) curves as four, the random ones with their interval."""
    told, random = curves[:3], curves[3:]
    picks = draws.integers(0, RANDOM, (_BOOTSTRAP, RANDOM))
    low, high = np.quantile(random[picks].mean(axis=1), _INTERVAL, axis=0)
    falls = curves[:, :1] - curves[:, 1:]
    fall = falls.mean(axis=1)
    above = fall[0] - fall[3:]
    interval = np.quantile(above[picks].mean(axis=1), _INTERVAL)
    places, coords = _places(trace, first)
    runs = np.stack([told[0], told[1], random.mean(axis=0), told[2]])
    mean_fall = np.array([fall[0], fall[1], fall[3:].mean(), fall[2]])
    one = {"units": "1"}
    return xr.Dataset(
        {
            "probability": (("run", "k"), runs.astype(np.float32), one),
            "low": ("k", low.astype(np.float32), one),
            "high": ("k", high.astype(np.float32), one),
            "fall": ("run", mean_fall.astype(np.float32), one),
            "advantage": ((), np.float32(above.mean()), one),
            "advantage_low": ((), np.float32(interval[0]), one),
            "advantage_high": ((), np.float32(interval[1]), one),
            **places,
        },
        coords={"run": strings(_CURVES), "k": counts, **coords},
    )  # fmt: skip


def _places(trace: Trace, first: NDArray[np.int64]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Each token's place in the order, 1 for the one that goes first, and the tokens."""
    place = np.empty(len(first), np.int64)
    place[first] = np.arange(1, len(first) + 1)
    S = len(trace.source_ids)
    places: dict[str, Any] = {"place": ("source", place[S:], {"units": "1"})}
    coords = token_coords(trace, range(len(first) - S), axis="source")
    if trace.encoder is not None:
        places["source_place"] = "source_position", place[:S], {"units": "1"}
        coords |= token_coords(trace.encoder, range(S), axis="source_position")
    return places, coords


def _read_target(saliency: xr.Dataset, target: int | None) -> int:
    known = saliency["target"].values.tolist()
    if target is None:
        return int(known[-1])
    if read_whole("target", target, 0) not in known:
        raise InvalidError(
            "target", target, allowed=f"one that the explanation has: {_listed(known)}",
            fix="ask saliency for it with targets=",
        )  # fmt: skip
    return int(target)


def _read_blank(trace: Trace, replacement: str | int | None) -> int:
    """The token that stands for one taken out."""
    put = blank(trace) if replacement is None else replacement
    return read_token(trace, "replacement", put)


def _listed(targets: list[int]) -> str:
    if len(targets) <= 8:
        return ", ".join(map(str, targets))
    return f"{targets[0]} to {targets[-1]}"


def _explained(saliency: xr.Dataset, target: int) -> int:
    return int(saliency["explained_id"].sel(target=target))


def _row(saliency: xr.Dataset, target: int) -> int:
    """Of a classifier: the row of its answer that the target is read from."""
    if "explained_row" not in saliency.coords:
        return 0
    return int(saliency["explained_row"].sel(target=target))


def _label(trace: Trace, token_id: int) -> str:
    return trace.source.pieces([token_id])[0].label
