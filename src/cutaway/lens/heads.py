"""What each head does: figures by which heads can be sorted and found."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import InvalidError, UnknownError
from ..trace.source import Floats
from ..trace.trace import Trace
from .attention import read_attention_layers, read_heads
from .dataset import finish

__all__ = ["FIGURES", "head_figures", "read_token_set", "with_figures"]

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
_SETS = ("special", "punctuation")
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
        for layer in chosen
    ]
    dataset = xr.Dataset(
        {
            name: (
                ("layer", "head"),
                np.stack([row[name] for row in rows]),
                {"long_name": words, "units": _UNITS.get(name, "1")},
            )
            for name, words in FIGURES.items()
        },
        coords={"layer": np.asarray(chosen), "head": np.asarray(numbers)},
    )
    options = {"layers": list(chosen), "heads": list(numbers), "tokens": tokens}
    return finish(dataset, trace, lens="heads", options=options)


def with_figures(weights: xr.Dataset, figures: xr.Dataset) -> xr.Dataset:
    """A dataset of lens.attention with the figures of its heads: what its picture is drawn from."""
    merged = weights.assign(figures.data_vars)
    options = json.loads(weights.attrs["options"]) | json.loads(figures.attrs["options"])
    merged.attrs["options"] = json.dumps(options, ensure_ascii=False)
    return merged


def read_token_set(trace: Trace, tokens: str | Sequence[str]) -> Floats:
    """(T,) whether each position belongs to a chosen set of tokens, as 0.0 and 1.0."""
    row = trace.tokens
    texts = [text.strip() for text in row.texts]
    if isinstance(tokens, str) and tokens.startswith("re:"):
        try:
            pattern = re.compile(tokens[3:])
        except re.error as error:
            raise InvalidError(
                "tokens", tokens, allowed=f"a regular expression ({error})"
            ) from None
        picked = [bool(pattern.search(text)) for text in row.texts]
    elif tokens == "special":
        picked = list(row.special)
    elif tokens == "punctuation":
        picked = [bool(text) and all(_punctuation(c) for c in text) for text in texts]
    elif isinstance(tokens, str):
        raise UnknownError("set of tokens", tokens, allowed=_SETS, fix="or a list, or 're:...'")
    else:
        wanted = {text.strip() for text in tokens}
        picked = [text in wanted for text in texts]
    return np.asarray(picked, dtype=np.float64)


def _punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


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
