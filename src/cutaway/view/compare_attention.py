"""Attention of two traces: how much each head differs, and the weights of those that do most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import MissingError
from ..core.numbers import byte_size, percent
from .compare_packing import heads_that_fit, levels, pair_thumbnails, pair_weights
from .compared import compared_header, slot_row, told_token
from .header import Runs, attribute
from .spec import Spec

__all__ = ["BUDGET", "LIVE_BUDGET", "compare_attention_spec"]

#: The most bytes of weights that a page carries; beyond it, the heads that differ most.
BUDGET = 12_000_000
#: The same of a notebook's picture, where the others are asked for.
LIVE_BUDGET = 2_000_000

Floats = NDArray[Any]


def compare_attention_spec(
    dataset: xr.Dataset, *, budget: int | None = None, live: bool = False
) -> Spec:
    """Every head's difference as a thumbnail and two figures, heads at full size up to a budget.

    dataset  of a comparison of attention with variation, largest, row_variation merged into it
    budget   the most bytes of weights of both runs
    live     whether other heads can be asked for, so that few are there at first

    arrays: variation, largest float32 (layer, head); rows uint16 (layer, head, slot) and, for
    later, first, second uint16 (embedded head, entry), shares in 65,535ths; entries are the lower
    triangle row by row where nothing looks ahead; place int32 (layer, head) the row of a head in
    them, -1 for none; thumbnails uint8 (layer, head, S, S): 128 plus 127 times the signed square
    root of the difference that is largest in the box. Of cross attention slots are of the targets,
    and the header's `keys` has those of the sources. One layer of weights is held at a time.
    """
    if "variation" not in dataset:
        raise MissingError(
            "the differences of the heads", because="this dataset holds weights only",
            fix="merge lens.compare_attention.head_differences(dataset)",
        )  # fmt: skip
    budget = (LIVE_BUDGET if live else BUDGET) if budget is None else budget
    cross = attribute(dataset, "options")["kind"] == "cross"
    thumbnails, causal = pair_thumbnails(dataset["weight"], square=not cross)
    place = heads_that_fit(dataset, causal, budget)
    row, peak = slot_row(dataset, "query"), _peak(dataset)
    keys = slot_row(dataset, "key") if cross else None
    own: dict[str, Any] = {
        **row, "keys": keys,
        "layers": [int(layer) for layer in dataset["layer"].values],
        "heads": [int(head) for head in dataset["head"].values],
        "groups": [int(group) for group in dataset["group"].values],
        "causal": causal,
        "embedded": _embedded(place, budget, live),
        "opens": {
            "head": f"{dataset['layer'].values[peak.layer]}.{dataset['head'].values[peak.head]}",
            "at": peak.query, "key": peak.key,
        },
    }  # fmt: skip
    common = compared_header(
        dataset,
        heading=f"Where the two look apart{' in the source' if cross else ''}",
        about=f"Difference of {'cross ' if cross else ''}attention weights, second minus first, "
        f"token beside token{' of both texts' if cross else ''}. A head is "
        "ranked by the total variation between the two rows of a token: half the sum of the "
        "absolute differences, 0 to 1, averaged over the tokens that both have.",
        sentence=_sentence(dataset, (row, keys or row), peak),
    )
    arrays: dict[str, NDArray[Any]] = {
        "variation": dataset["variation"].values.astype(np.float32),
        "largest": dataset["largest"].values.astype(np.float32),
        "rows": levels(np.nan_to_num(dataset["row_variation"].values)),
        "thumbnails": thumbnails, "place": place,
        **pair_weights(dataset["weight"], place, causal),
    }  # fmt: skip
    return Spec("compare_attention", common | own, arrays, later=("first", "second"))


def _embedded(place: NDArray[np.int32], budget: int, live: bool) -> str:
    kept, every = int((place >= 0).sum()), place.size
    exact = "Weights in this page are kept to within 0.001 percentage points (16 bits)."
    if kept == every:
        return f"All {every:,} heads are in this page at full size. {exact}"
    if live:
        return (
            f"The {kept:,} of {every:,} heads that differ most are here; others are computed when "
            f"they are looked at. {exact}"
        )
    return (
        f"The {kept:,} of {every:,} heads that differ most are in this page at full size "
        f"({byte_size(budget)} of weights at most); of the others it has the thumbnail and the "
        f"figures. {exact}"
    )


@dataclass(frozen=True)
class _Peak:
    """The head that differs most, by rows; there the slots of query and key that differ most."""

    layer: int
    head: int
    query: int
    key: int


def _peak(dataset: xr.Dataset) -> _Peak:
    variation, rows = dataset["variation"].values, dataset["row_variation"].values
    layer, head = (int(i) for i in np.unravel_index(int(variation.argmax()), variation.shape))
    query = int(np.nanargmax(rows[layer, head]))
    first, second = _row(dataset, _Peak(layer, head, query, 0))
    return _Peak(layer, head, query, int(np.abs(second - first).argmax()))


def _row(dataset: xr.Dataset, peak: _Peak) -> Floats:
    """(2, key) the row of the query in both runs, 0 where a side has no token."""
    part = dataset["weight"].isel(
        run=slice(0, 2), layer=peak.layer, head=peak.head, query=peak.query
    )
    known: Floats = np.nan_to_num(part.values)
    return known


def _sentence(
    dataset: xr.Dataset, rows: tuple[dict[str, Any], dict[str, Any]], peak: _Peak
) -> Runs:
    """The head that differs most, at which token, and there on which key: their rows of slots."""
    layer, head = (
        int(dataset[a].values[i]) for a, i in (("layer", peak.layer), ("head", peak.head))
    )
    at = {"layer": peak.layer, "head": peak.head}
    mean = float(dataset["variation"].isel(at))
    if mean == 0:
        return [["", "The two runs look alike: no head differs at any token that both have."]]
    there = float(dataset["row_variation"].isel({**at, "query": peak.query}))
    names = [str(name) for name in dataset["run"].values[:2]]
    found = _given(_row(dataset, peak)[:, peak.key], rows[1]["at"], peak.key, names)
    return [
        ["b", f"Head {head} of layer {layer}"], ["", " differs most: total variation "],
        ["b", percent(mean)], ["", " on average, "], ["b", percent(there)], ["", " at "],
        *told_token(rows[0], peak.query), ["", ". There "], *told_token(rows[1], peak.key),
        ["", f" {found}."],
    ]  # fmt: skip


def _given(shares: Floats, at: list[list[int]], key: int, names: list[str]) -> str:
    """What a key gets in both runs, or in which of them it is not."""
    first, second = (
        f"{percent(float(share))} in {name}" for share, name in zip(shares, names, strict=True)
    )
    if at[0][key] < 0:
        return f"is not in {names[0]} and gets {second}"
    if at[1][key] < 0:
        return f"gets {first} and is not in {names[1]}"
    return f"gets {first} and {second}"
