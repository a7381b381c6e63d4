"""What each head does: figures by which heads can be sorted and found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.progress import steps
from ..core.room import check_room
from ..trace.source import Floats
from ..trace.trace import Trace
from .attention import read_attention_layers, read_heads
from .attention_kind import read_attention_kind
from .attention_memory import attention_memory
from .dataset import finish
from .token_set import read_token_set

__all__ = [
    "FIGURES", "figures_dataset", "head_figures", "row_figures", "row_shares", "with_figures",
]  # fmt: skip

#: Every figure by name, with what it is; means are over the queries that have such a key.
FIGURES: Mapping[str, str] = {
    "entropy": "mean entropy of a row, in nats",
    "broad": "mean entropy as a share of even attention's to all tokens (causal: up to its own)",
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
#: Squares in float32 that the figures take while they are computed, beside the weights.
_WIDENED = 2


def head_figures(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    tokens: str | Sequence[str] = "special",
    weights: xr.Dataset | None = None,
) -> xr.Dataset:
    """Every figure of FIGURES for every head: variables (layer, head); NaN where undefined.

    tokens   the chosen set: "special", "punctuation", a list of texts, or a pattern "re:..."
    weights  the plain weights of just these heads (lens.attention), where they are computed already
    source   induction and previous-token heads: Olsson et al. 2022, arXiv 2209.11895;
             sinks: Xiao et al. 2023, arXiv 2309.17453
    """
    chosen = read_attention_layers(trace, layers)
    numbers = read_heads(trace, chosen, heads)
    keys = read_token_set(trace, tokens)
    made = 0  # weights that are there take no more
    if weights is None:
        kind = read_attention_kind(trace, "self")
        made = attention_memory(kind, chosen).of_heads(1, len(numbers))
    check_room(
        "the figures of the heads", made + _WIDENED * 4 * trace.n_positions**2,
        "give fewer heads, or a shorter text",
    )  # fmt: skip

    def weights_of(layer: int) -> Floats:
        if weights is None:
            return trace.source.attention(trace, layer, numbers)
        return weights["weight"].sel(layer=layer).values

    rows = [  # the weights of one block are let go of before the next
        _figures(weights_of(layer), _identities(trace), keys)
        for layer in steps(chosen, "what each head does")
    ]
    options = {"layers": list(chosen), "heads": list(numbers), "tokens": tokens}
    dataset = figures_dataset(rows, {"layer": list(chosen), "head": list(numbers)})
    return finish(dataset, trace, lens="heads", options=options)


def row_figures(
    trace: Trace, weights: xr.Dataset, *, tokens: str | Sequence[str] = "special"
) -> xr.Dataset:
    """Every figure for each block of an aggregate of lens.attention: variables (layer).

    Means of weights and rollouts are read as they are. Rows that are no shares (the largest over
    heads, norms, a rollout of which a source has its part) are divided by their sums first; what
    they miss is undefined.
    """
    keys = read_token_set(trace, tokens)
    asked = json.loads(weights.attrs["options"])
    under = asked["aggregate"] == "rollout" and trace.encoder is not None
    shares = under or asked["aggregate"] == "max" or asked["weighting"] != "weight"
    rows = []
    for row in range(weights.sizes["layer"]):
        whole = weights["weight"].isel(layer=[row]).values  # (1, T, T)
        found = _figures(row_shares(whole) if shares else whole, _identities(trace), keys)
        rows.append(found | ({"missing": np.full(1, np.nan)} if shares else {}))
    squeezed = [{name: values[0] for name, values in row.items()} for row in rows]
    dataset = figures_dataset(squeezed, {"layer": weights["layer"].values.tolist()})
    return finish(dataset, trace, lens="heads", options=asked | {"tokens": tokens})


def _identities(trace: Trace) -> Sequence[int]:
    """(T,) equal where two tokens are the same: their ids. No two frames of a sound are."""
    return range(trace.n_positions) if trace.is_sound else trace.token_ids


def row_shares(whole: Floats) -> Floats:
    """(..., T, S) float64 rows divided by their sums, or all 0."""
    total = whole.sum(axis=-1, keepdims=True, dtype=np.float64)
    shares: Floats = np.divide(whole, total, out=np.zeros(whole.shape), where=total > 0)
    return shares


def figures_dataset(
    rows: Sequence[Mapping[str, Any]],
    coords: Mapping[str, Sequence[int]],
    figures: Mapping[str, str] = FIGURES,
) -> xr.Dataset:
    """The figures of each layer, stacked.

    rows     of each layer: name -> (heads,), or one number where coords have no head
    figures  name -> what it is
    """
    return xr.Dataset(
        {
            name: (
                tuple(coords), np.stack([row[name] for row in rows]),
                {"long_name": words, "units": _UNITS.get(name, "1")},
            )
            for name, words in figures.items()
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
    """Figures of (H, T, T) weights, each (H,): one head at a time is widened to float64."""
    keys = _Keys.of(ids, ahead=any(bool(np.triu(head, 1).any()) for head in weights))
    each = [_of_head(head[None].astype(np.float64), keys, chosen) for head in weights]
    return {name: np.concatenate([one[name] for one in each]) for name in each[0]}


@dataclass(frozen=True, eq=False)
class _Keys:
    """Which keys count for what, by (T, T) flags of queries and keys.

    earlier   the same token before;  followed  what came after the same token before
    distance  from query to key, in tokens
    reach     (T,) how many keys a query could see
    """

    earlier: NDArray[np.bool_]
    followed: NDArray[np.bool_]
    distance: NDArray[np.float64]
    reach: NDArray[np.int64]

    @classmethod
    def of(cls, ids: Sequence[int], *, ahead: bool) -> _Keys:
        """Of a text; ahead: a head reads what comes later."""
        T, token = len(ids), np.asarray(ids)
        query, key = np.ogrid[:T, :T]
        before = np.concatenate([[-1], token[:-1]])  # the token read before each key
        return cls(
            earlier=(token[:, None] == token[None]) & (key < query),
            followed=(token[:, None] == before[None]) & (key <= query) & (key > 0),
            distance=np.abs(query - key).astype(np.float64),
            reach=np.full(T, T) if ahead else np.arange(1, T + 1),
        )

    def off(self, by: int) -> NDArray[np.bool_]:
        """The keys that lie so many tokens after their query."""
        T = len(self.reach)
        query, key = np.ogrid[:T, :T]
        return np.asarray(key == query + by)


def _of_head(w: Floats, keys: _Keys, chosen: Floats) -> dict[str, Floats]:
    """Figures of (1, T, T) float64 weights."""
    logs = np.log(w, out=np.zeros_like(w), where=w > 0)
    entropy = -np.einsum("hqk,hqk->hq", w, logs)
    some = keys.reach > 1
    most = np.log(np.maximum(keys.reach, 2))
    return {
        "entropy": _mean(entropy, some),
        "broad": _mean(entropy / most, some),
        "distance": _mean(_summed(w, keys.distance), some),
        "first": _mean(w[..., 0], some),
        "previous": _mass(w, keys.off(-1)),
        "same": _mass(w, keys.off(0) & some[:, None]),
        "next": _mass(w, keys.off(1)),
        "duplicate": _mass(w, keys.earlier),
        "induction": _mass(w, keys.followed),
        "missing": _mean(1 - w.sum(-1), np.ones(len(some), dtype=bool)),
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
