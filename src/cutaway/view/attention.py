"""Attention: a thumbnail and figures of every head, and the weights of as many as fit a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import MissingError
from ..core.numbers import byte_size, percent
from .header import Runs, header
from .row import token_row
from .spec import Spec

__all__ = ["BUDGET", "SIDE", "attention_spec"]

#: The most bytes of weights that a page carries; beyond it, some heads only.
BUDGET = 36_000_000
#: The most rows and columns of a thumbnail.
SIDE = 32

#: A figure no larger than this is rounding.
_NOTHING = 1e-4

Bytes = NDArray[np.uint8]
Floats = NDArray[Any]


def attention_spec(dataset: xr.Dataset, *, budget: int = BUDGET) -> Spec:
    """Every head as a thumbnail with its figures, and heads at full size up to a budget.

    dataset  of attention with the figures of its heads (lens.heads.with_figures)
    budget   the most bytes of weights; beyond it, the heads that lead in a figure, then those
             with the least mass on the first token

    arrays: thumbnails, thumbnails_rest uint8 (layer, head, S, S), max-pooled, the latter without
    the first token; weights uint8 (embedded head, entry), the lower triangle row by row where
    nothing looks ahead; place int32 (layer, head), which row of them is a head's, -1 for none;
    figures float32 (figure, layer, head). Weights are 255 sqrt(weight): off by 0.004 at most.
    One layer of weights is held at a time.
    """
    figures = _figures(dataset)
    values = np.stack([dataset[entry["name"]].values for entry in figures]).astype(np.float32)
    thumbnails, rest, causal = _thumbnails(dataset["weight"])
    place = _chosen(dataset, values, causal, budget)
    own: dict[str, Any] = {
        **token_row(dataset, "query"),
        "layers": [int(layer) for layer in dataset["layer"].values],
        "heads": [int(head) for head in dataset["head"].values],
        "groups": [int(group) for group in dataset["group"].values],
        "figures": figures,
        "opens_with": _opening(figures),
        "causal": causal,
        "embedded": _embedded(place, budget),
        "encoding": "Weights in this page are kept to within 0.4 percentage points (square root, "
        "8 bits); numbers are linear, whatever the shading.",
    }
    common = header(
        dataset,
        heading="Where it looked",
        about="Attention weight: the share of a token's attention that lies on a token it could "
        "see; the weights the model really used.",
        sentence=_sentence(dataset),
    )
    arrays: dict[str, NDArray[Any]] = {
        "thumbnails": thumbnails, "thumbnails_rest": rest, "place": place, "figures": values,
        "weights": _weights(dataset["weight"], place, causal),
    }  # fmt: skip
    return Spec("attention", common | own, arrays)


def _figures(dataset: xr.Dataset) -> list[dict[str, str]]:
    """The figures that are not 0 or undefined for every head, with their words and units."""
    found = [
        {"name": str(name), "words": array.attrs["long_name"], "unit": array.attrs["units"]}
        for name, array in dataset.data_vars.items()
        if array.dims == ("layer", "head") and (np.abs(array.values) > _NOTHING).any()
    ]
    if not found:
        raise MissingError(
            "the figures of the heads", because="this dataset holds weights only",
            fix="merge them: lens.heads.with_figures",
        )  # fmt: skip
    return found


def _opening(figures: list[dict[str, str]]) -> str:
    """The figure that heads are ordered by at first: a text without repeats has no induction."""
    names = [entry["name"] for entry in figures]
    return next((name for name in ("induction", "previous") if name in names), names[0])


def _thumbnails(weight: xr.DataArray) -> tuple[Bytes, Bytes, bool]:
    """Thumbnails with and without the first token, and whether no head looks ahead."""
    made, rest, causal = [], [], True
    for layer in range(weight.sizes["layer"]):
        whole = weight.isel(layer=layer).values  # (H, T, T)
        causal = causal and not np.triu(whole, 1).any()
        made.append(_pooled(whole))
        rest.append(_pooled(_without_first(whole)))
    return np.stack(made), np.stack(rest), causal


def _without_first(whole: Floats) -> Floats:
    """(..., T, T) weights with the first key taken out and each row summing to 1, or all 0."""
    others = np.array(whole)
    others[..., 0] = 0
    mass = others.sum(axis=-1, keepdims=True)
    share: Floats = np.divide(others, mass, out=np.zeros_like(others), where=mass > 0)
    return share


def _pooled(whole: Floats) -> Bytes:
    """(H, T, T) weights as (H, S, S) the largest of each box, so that a single cell survives."""
    T = whole.shape[-1]
    side = min(SIDE, T)
    starts = np.arange(side) * T // side
    boxes = np.maximum.reduceat(np.maximum.reduceat(whole, starts, axis=-1), starts, axis=-2)
    return _rooted(boxes)


def _rooted(weights: Floats) -> Bytes:
    """255 times the square root: small weights keep their order, where even steps lose them."""
    levels: Bytes = np.rint(255 * np.sqrt(np.clip(weights, 0, 1))).astype(np.uint8)
    return levels


def _chosen(dataset: xr.Dataset, figures: Floats, causal: bool, budget: int) -> NDArray[np.int32]:
    """(layer, head) the row of each head's weights in the page, -1 where they are left out."""
    T = dataset.sizes["query"]
    room = budget // (T * (T + 1) // 2 if causal else T * T)
    first = np.nan_to_num(dataset["first"].values)
    leading = np.nan_to_num(figures, nan=-np.inf).reshape(len(figures), -1).argmax(axis=1)
    first.ravel()[leading] = -1  # the head that a reader looks for by a figure is there
    kept = np.argsort(first, axis=None, kind="stable")[:room]
    place = np.full(first.size, -1, dtype=np.int32)
    place[np.sort(kept)] = np.arange(len(kept))
    return place.reshape(first.shape)


def _weights(weight: xr.DataArray, place: NDArray[np.int32], causal: bool) -> Bytes:
    """(embedded head, entry) the weights of the chosen heads, layer by layer."""
    T = weight.sizes["query"]
    seen = np.tri(T, dtype=bool) if causal else np.ones((T, T), dtype=bool)
    packed = np.empty((int(place.max()) + 1, int(seen.sum())), dtype=np.uint8)
    for layer, rows in enumerate(place):
        heads = np.flatnonzero(rows >= 0)
        if len(heads):
            whole = weight.isel(layer=layer, head=heads).values
            packed[rows[heads]] = _rooted(whole[:, seen])
    return packed


def _embedded(place: NDArray[np.int32], budget: int) -> str:
    kept, every = int((place >= 0).sum()), place.size
    if kept == every:
        return f"All {every:,} heads are in this page at full size."
    return (
        f"{kept:,} of {every:,} heads are in this page at full size ({byte_size(budget)} of "
        "weights at most): those that lead in a figure, then those with the least mass on the "
        "first token. Of the others it has the thumbnail and the figures."
    )


def _sentence(dataset: xr.Dataset) -> Runs:
    first = float(np.nanmean(dataset["first"].values))
    runs: list[list[str]] = [["", "The first token takes "], ["b", percent(first)]]
    runs += [["", " of the attention of an average head."]]
    for name, words in (
        ("previous", " looks most at the token before: "),
        ("induction", " looks most at what followed the same token earlier: "),
    ):
        runs += _strongest(dataset, name, words)
    missing = float(np.nanmean(dataset["missing"].values))
    if missing > 1e-3:
        runs += [["", " On average "], ["b", percent(missing)]]
        runs += [["", " of a row lies on no token: the model has attention sinks of its own."]]
    return runs


def _strongest(dataset: xr.Dataset, name: str, words: str) -> list[list[str]]:
    values = dataset[name].values
    if np.isnan(values).all() or np.nanmax(values) <= 0:
        return []
    layer, head = np.unravel_index(int(np.nanargmax(values)), values.shape)
    which = f"Head {dataset['head'].values[head]} of layer {dataset['layer'].values[layer]}"
    return [
        ["", " "], ["b", which], ["", words], ["b", percent(float(values[layer, head]))], ["", "."],
    ]  # fmt: skip
