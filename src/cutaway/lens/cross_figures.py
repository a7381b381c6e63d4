"""What each head of cross attention does: how sharply it points, and what it leaves at the ends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from ..core.progress import steps
from ..trace.source import Floats
from ..trace.trace import Trace
from .dataset import finish
from .heads import figures_dataset, row_shares
from .stream import of_stream
from .token_set import read_token_set

__all__ = ["CROSS_FIGURES", "cross_figures"]

#: Every figure by name, with what it is; means are over all queries.
CROSS_FIGURES: Mapping[str, str] = {
    "peak": "mean of the largest weight of a row",
    "entropy": "mean entropy of a row, in nats",
    "broad": "mean entropy as a share of that of even attention to the source",
    "onward": "share of the steps from one query to the next at which the most looked-at token is "
    "a later one",
    "first": "mean mass on the first token of the source",
    "last": "mean mass on the last token of the source",
    "missing": "mean mass that lies on no token (attention sinks)",
    "chosen": "mean mass on the chosen set of the source's tokens",
}


def cross_figures(
    trace: Trace, weights: xr.Dataset, *, tokens: str | Sequence[str] = "special"
) -> xr.Dataset:
    """Every figure of CROSS_FIGURES for every head of an encoder-decoder's cross attention.

    weights  of lens.attention with kind="cross"
    tokens   the chosen set of the source's tokens, as head_figures takes it
    returns  variables (layer, head), of the plain weights whatever the weighting; of an aggregate
             (layer), of its rows in shares of their sums
    """
    chosen = read_token_set(of_stream(trace, "encoder"), tokens)
    each = "head" in weights.dims
    found = [
        _figures(_plain(trace, weights, row), chosen)
        for row in steps(range(weights.sizes["layer"]), "what each head does")
    ]
    coords = {
        name: weights[name].values.tolist() for name in (("layer", "head") if each else ("layer",))
    }
    if not each:
        found = [{name: values[0] for name, values in one.items()} for one in found]
    dataset = figures_dataset(found, coords, CROSS_FIGURES)
    asked = json.loads(weights.attrs["options"])
    return finish(dataset, trace, lens="heads", options=asked | {"tokens": tokens})


def _plain(trace: Trace, weights: xr.Dataset, row: int) -> Floats:
    """(H, T, S) the weights of a layer; an aggregate's rows in shares of their sums."""
    one = weights["weight"].isel(layer=row)
    if "head" not in weights.dims:
        return row_shares(one.values[None])
    if one.attrs["units"] == "1":
        return np.asarray(one.values)
    layer, heads = int(one["layer"]), weights["head"].values.tolist()
    return trace.source.cross_attention(trace, layer, heads)


def _figures(weights: Floats, chosen: Floats) -> dict[str, Floats]:
    """Figures of (H, T, S) weights, each (H,)."""
    w = weights.astype(np.float64)
    entropy = -(w * np.log(w, out=np.zeros_like(w), where=w > 0)).sum(-1)
    stepped = np.diff(w.argmax(-1), axis=-1) > 0
    none = np.full(len(w), np.nan)
    return {
        "peak": w.max(-1).mean(-1),
        "entropy": entropy.mean(-1),
        "broad": entropy.mean(-1) / np.log(w.shape[-1]) if w.shape[-1] > 1 else none,
        "onward": stepped.mean(-1) if stepped.size else none,
        "first": w[..., 0].mean(-1),
        "last": w[..., -1].mean(-1),
        "missing": (1 - w.sum(-1)).mean(-1),
        "chosen": (w @ chosen).mean(-1) if chosen.any() else none,
    }
