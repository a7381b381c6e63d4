"""What each head does: figures by which heads can be sorted and found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.progress import steps
from ..trace.source import Floats
from ..trace.trace import Trace
from .attention import read_attention_layers, read_heads
from .dataset import finish
from .token_set import read_token_set

__all__ = ["FIGURES", "head_figures", "row_figures", "with_figures"]

#: Every figure by name, with what it is; means are over the queries that have such a key.
FIGURES: Mapping[str, str] = {
    "entropy": "mean entropy of a row, in nats",
    "broad": "mean entropy as a share of that of even attention to all it could see",
    "distance": "mean distance from query to key, in tokens",
    "first": "mean mass on the first token",
    "previous": "mean mass on the token before",
    "same": "mean mass on the token itself",
    "next": "mean mass on the token after",
    "duplicate": "mean mass on earlier occurrences of the same token",
    "induction": "mean mass on what followed an earlier occurrence of the same token",
    "missing": "mean mass that lies on no token (attention sinks)",
    "chosen": "mean mass on the chosen set of tokens",
}
#: What the figures that are no shares are counted in.
_UNITS = {"entropy": "nats", "distance": "tokens"}


def head_figures(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    tokens: str | Sequence[str] = "special",
) -> xr.Dataset:
    """Every figure of FIGURES for every head: variables (layer, head); NaN where undefined.

    tokens   the chosen set: "special", "punctuation", a list of texts, or a pattern "re:..."
    source   induction and previous-token heads: Olsson et al. 2022, arXiv 2209.11895;
             sinks: Xiao et al. 2023, arXiv 2309.17453
    """
    chosen = read_attention_layers(trace, layers)
    numbers = read_heads(trace, chosen, heads)
    keys = read_token_set(trace, tokens)
    rows = [
        _figures(trace.source.attention(trace, layer, numbers), trace.token_ids, keys)
        for layer in steps(chosen, "what each head does")
    ]
    options = {"layers": list(chosen), "heads": list(numbers), "tokens": tokens}
    dataset = _dataset(rows, {"layer": list(chosen), "head": list(numbers)})
    return finish(dataset, trace, lens="heads", options=options)


def row_figures(
    trace: Trace, weights: xr.Dataset, *, tokens: str | Sequence[str] = "special"
) -> xr.Dataset:
    """Every figure for each block of an aggregate of lens.attention: variables (layer).

    Means of weights and rollouts are read as they are. Rows that are no shares (the largest over
    heads, norms) are divided by their sums first; what they miss is undefined.
    """
    keys = read_token_set(trace, tokens)
    asked = json.loads(weights.attrs["options"])
    shares = asked["aggregate"] == "max" or asked["weighting"] != "weight"
    rows = []
    for row in range(weights.sizes["layer"]):
        whole = weights["weight"].isel(layer=[row]).values  # (1, T, T)
        found = _figures(_row_shares(whole) if shares else whole, trace.token_ids, keys)
        rows.append(found | ({"missing": np.full(1, np.nan)} if shares else {}))
    squeezed = [{name: values[0] for name, values in row.items()} for row in rows]
    dataset = _dataset(squeezed, {"layer": weights["layer"].values.tolist()})
    return finish(dataset, trace, lens="heads", options=asked | {"tokens": tokens})


def _row_shares(whole: Floats) -> Floats:
    """(..., T, T) rows divided by their sums, or all 0."""
    total = whole.sum(axis=-1, keepdims=True, dtype=np.float64)
    shares: Floats = np.divide(whole, total, out=np.zeros(whole.shape), where=total > 0)
    return shares


def _dataset(rows: Sequence[Mapping[str, Any]], coords: Mapping[str, Sequence[int]]) -> xr.Dataset:
    """The figures of each layer, stacked."""
    return xr.Dataset(
        {
            name: (
                tuple(coords), np.stack([row[name] for row in rows]),
                {"long_name": words, "units": _UNITS.get(name, "1")},
            )
            for name, words in FIGURES.items()
        },
        coords={axis: np.asarray(numbers) for axis, numbers in coords.items()},
    )  # fmt: skip


def with_figures(weights: xr.Dataset, figures: xr.Dataset) -> xr.Dataset:
    """A dataset of lens.attention with the figures of its heads: what its picture is drawn from."""
    merged = weights.assign(figures.data_vars)
    options = json.loads(weights.attrs["options"]) | json.loads(figures.attrs["options"])
    merged.attrs["options"] = json.dumps(options, ensure_ascii=False)
    return merged


def _figures(weights: Floats, ids: Sequence[int], chosen: Floats) -> dict[str, Floats]:
    """Figures of (H, T, T) weights, each (H,)."""
    w = weights.astype(np.float64)
    T = w.shape[-1]
    query, key = np.indices((T, T))
    token = np.asarray(ids)
    before = np.concatenate([[-1], token[:-1]])  # the token read before each key
    earlier = (token[:, None] == token[None]) & (key < query)
    followed = (token[:, None] == before[None]) & (key <= query) & (key > 0)
    ahead = bool((w * (key > query)).any())  # a head that reads what comes later
    reach = np.full(T, T) if ahead else np.arange(1, T + 1)  # keys a query could see
    logs = np.log(w, out=np.zeros_like(w), where=w > 0)
    entropy = -np.einsum("hqk,hqk->hq", w, logs)
    some = reach > 1
    most = np.log(np.maximum(reach, 2))
    return {
        "entropy": _mean(entropy, some),
        "broad": _mean(entropy / most, some),
        "distance": _mean(_summed(w, np.abs(query - key)), some),
        "first": _mean(w[..., 0], some),
        "previous": _mass(w, key == query - 1),
        "same": _mass(w, np.asarray((key == query) & some[:, None])),
        "next": _mass(w, key == query + 1),
        "duplicate": _mass(w, earlier),
        "induction": _mass(w, followed),
        "missing": _mean(1 - w.sum(-1), np.ones(T, dtype=bool)),
        "chosen": _mean(w @ chosen, some) if chosen.any() else np.full(len(w), np.nan),
    }


def _mass(weights: Floats, keys: NDArray[np.bool_]) -> Floats:
    """Mean, over the queries that have any such key, of the mass on such keys."""
    return _mean(_summed(weights, keys), np.asarray(keys.any(axis=-1)))


def _summed(weights: Floats, factors: NDArray[Any]) -> Floats:
    """(H, T) each row of weights times a (T, T) factor, without holding the products."""
    found: Floats = np.einsum("hqk,qk->hq", weights, factors.astype(np.float64))
    return found


def _mean(values: Floats, queries: NDArray[np.bool_]) -> Floats:
    """(H, T) -> (H,) mean over some queries; NaN where there are none."""
    if not queries.any():
        return np.full(len(values), np.nan)
    return np.asarray(values[:, queries].mean(axis=-1))
