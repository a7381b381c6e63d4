"""Factors: which neurons fired together, by non-negative matrix factorisation."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr
from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning

from ..core.axes import read_seed, read_whole
from ..core.progress import working
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .activation_rows import read_activation_rows
from .dataset import finish, strings, token_coords

__all__ = ["factorised", "factors"]

_ROUNDS = 400
_TOLERANCE = 1e-4
#: Numbers that are widened at once.
_AT_ONCE = 1 << 20


def factors(
    trace: Trace,
    *,
    n: int = 6,
    layers: int | Sequence[int] | None = None,
    parts: str | Sequence[str] | None = None,
    exclude: Iterable[int] = (),
    seed: int = 0,
) -> xr.Dataset:
    """NMF of the neurons' activations: rows of neurons ~ loading x activation of n factors.

    n        how many factors, at most the positions that are left
    exclude  positions left out; NaN in factor (the first token's activations are massive)
    returns  factor (factor, position), its activation; loading (factor, layer, neuron[, part]);
             share (factor), of all that is reproduced; neurons (factor) with any weight;
             half (factor), how many carry half of it; overlap (factor, factor_b), shared neurons;
             neurons_per_layer (factor, layer). Factors are ordered by share.
    attrs    error: |X - WH| / |X| over the positions kept; converged
    source   Alammar 2021, https://jalammar.github.io/explaining-transformers/
    """
    firing = read_activation_rows(trace, layers, parts, exclude)
    n = read_whole("n", n, 1, min(firing.rows.shape))
    loading, activation, share, converged = factorised(firing.rows, n, seed)
    error = _error(firing.rows, loading, activation)
    whole = firing.spread(loading)  # (factor, layer, neuron, part)
    one_part = len(firing.parts) == 1
    axes = ("factor", "layer", "neuron") + (() if one_part else ("part",))
    full = np.full((n, trace.n_positions), np.nan, dtype=np.float32)
    full[:, list(firing.positions)] = activation
    dataset = xr.Dataset(
        {
            # The variable has the name of its axis (DESIGN): xarray keeps it as a coordinate.
            "factor": (("factor", "position"), full, {"units": "the model's own"}),
            "loading": (axes, whole[..., 0] if one_part else whole, {"units": "1"}),
            "share": ("factor", share, {"units": "1"}),
            **_counts(whole),
        },
        coords={
            "layer": np.asarray(firing.layers, dtype=np.int64),
            "neuron": np.arange(firing.width),
            "factor_b": np.arange(n),
            **({} if one_part else {"part": strings(firing.parts)}),
            **token_coords(trace, range(trace.n_positions)),
        },
    )
    options = {
        "n": n, "layers": list(firing.layers), "parts": list(firing.parts), "seed": seed,
        "exclude": sorted(set(range(trace.n_positions)) - set(firing.positions)),
        "gated": trace.card.gated, "rows": len(firing.rows),
    }  # fmt: skip
    dataset.attrs.update(error=error, converged=int(converged), table="factor")
    return finish(dataset, trace, lens="factors", options=options)


def factorised(rows: Floats, n: int, seed: int) -> tuple[Floats, Floats, Floats, bool]:
    """(M, n) loadings, (n, T) activations and (n,) shares, largest first; whether it converged."""
    seed = read_seed(seed)
    loading, activation, converged = _factorise(rows, n, seed)
    return *_ordered(loading, activation), converged


def _factorise(rows: Floats, n: int, seed: int) -> tuple[Floats, Floats, bool]:
    """(M, n) loadings and (n, T) activations, by coordinate descent from a fixed start."""
    start = "nndsvda" if n <= min(rows.shape) else "random"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        with working("factoring"):
            # Not NMF.fit_transform: its error holds two arrays more of the size of the rows.
            loading, activation, _ = non_negative_factorization(
                rows, n_components=n, init=start, solver="cd", tol=_TOLERANCE, max_iter=_ROUNDS,
                random_state=seed,
            )  # fmt: skip
    failed = any(issubclass(entry.category, ConvergenceWarning) for entry in caught)
    return loading, activation, not failed


def _ordered(loading: Floats, activation: Floats) -> tuple[Floats, Floats, Floats]:
    """Factors by their share of what is reproduced, largest first, with that share."""
    mass = loading.sum(0, dtype=np.float64) * activation.sum(1, dtype=np.float64)
    order = np.argsort(-mass, kind="stable")
    share = mass[order] / max(mass.sum(), np.finfo(float).tiny)
    return loading[:, order], activation[order], share


def _error(rows: Floats, loading: Floats, activation: Floats) -> float:
    """|X - WH| / |X|, by blocks of rows so that WH is never held whole."""
    left = total = 0.0
    size = min(4096, max(1, _AT_ONCE // activation.shape[1]))
    for start in range(0, len(rows), size):
        block = rows[start : start + size].astype(np.float64)
        left += float(((block - loading[start : start + size] @ activation) ** 2).sum())
        total += float((block**2).sum())
    return float(np.sqrt(left / total)) if total else 0.0


def _counts(whole: Floats) -> dict[str, tuple[tuple[str, ...], Ints, dict[str, str]]]:
    """How many neurons each factor has, per layer, for half of its weight, and shared."""
    weight = whole.sum(axis=3)  # (factor, layer, neuron): both parts of a neuron together
    has = weight > 0
    flat, used = weight.reshape(len(weight), -1), has.reshape(len(has), -1).astype(np.int64)
    ranked = -np.sort(-flat, axis=1)
    running = np.cumsum(ranked, axis=1, dtype=np.float64)
    half = (running < running[:, -1:] / 2).sum(1) + (running[:, -1] > 0)
    number = {"units": "1"}
    return {
        "neurons": (("factor",), used.sum(1), number),
        "half": (("factor",), half.astype(np.int64), number),
        "overlap": (("factor", "factor_b"), used @ used.T, number),
        "neurons_per_layer": (("factor", "layer"), has.sum(2).astype(np.int64), number),
    }
