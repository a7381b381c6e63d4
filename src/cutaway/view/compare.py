"""Two answers of one lens as one grid: either, or their difference, and where they part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER, layer_name
from .compare_words import RACES, about, sentence
from .compared import compared_header, slot_row
from .entries import Entries, entries
from .header import attribute
from .spec import Spec

__all__ = ["compare_spec"]

#: Neurons that are drawn: those that differ most at some token.
_MOST_NEURONS = 60
_WORDS = {
    "probability": "probability of the layer's top token",
    "logit": "logit of the layer's top token",
    "rank": "rank, 1 is the top",
    "surprisal": "surprisal of the token whose rank is given",
    "entropy": "entropy of the layer's distribution",
    "kl": "KL between the layer and its own run's reference",
    "js": "JS between the layer and its own run's reference",
    "tv": "total variation between the layer and its own run's reference",
    "saliency": "share of the scores",
    "score": "score",
    "activation": "activation",
}
_PLAIN_UNITS = ("1", "the model's own")
#: The axis of what the encoder of an encoder-decoder read, and what slots have of both runs.
_SOURCE, _SIDES = "source_position", ("at", "inputs", "produced")


@dataclass(frozen=True)
class _Lens:
    """How a lens's answer is laid out: rows, columns, the quantity it opens with, its question."""

    rows: str
    columns: str
    opens_with: str
    heading: str


_LENSES: Mapping[str, _Lens] = {
    "logit_lens": _Lens("layer", "position", "probability", "Where the two part"),
    "watch": _Lens("layer", "token", "rank", "The race, run twice"),
    "saliency": _Lens("target", "source", "saliency", "What each of the two read"),
    "neurons": _Lens("neuron", "position", "activation", "Which neurons fire apart"),
    "predictions": _Lens("layer", "token", "rank", "What each of the two nearly said"),
    "factors": _Lens("factor", "position", "activation", "Which factors are active apart"),
    "clusters": _Lens("cluster", "position", "activation", "Which groups of neurons fire apart"),
}
#: What stands before a row's number.
_MARKS = {"factor": "F", "cluster": "#"}


def compare_spec(dataset: xr.Dataset) -> Spec:
    """A cell per row and column, in the first run, the second, and second minus first.

    dataset  of lens.compare, of any lens but attention

    arrays: each quantity float32 (run, row, column); of the logit lens also top_index int32,
    top_probability float32 (run, row, column, k) of both runs, and same_top, state_distance
    float32 (row, column), the latter where it can be had
    """
    lens = attribute(dataset, "options")["lens"]
    known = _LENSES[lens]
    flat = _neurons(dataset) if lens == "neurons" else dataset
    axes = ("run", known.rows, known.columns)
    values = _quantities(flat, axes)
    if _SOURCE in flat.dims:
        values = _with_source(flat, values, known.rows)
    tops = _tops(flat) if "token_id" in flat.data_vars else None
    own: dict[str, Any] = {
        "lens": lens,
        "rows": _rows(flat, known.rows),
        "row_axis": known.rows,
        "upwards": known.rows == "layer",
        "columns": _columns(flat, known.columns),
        "column_axis": known.columns,
        "quantities": [_described(flat, name, array, known.rows) for name, array in values.items()],
        "opens_with": known.opens_with,
        "opens": _opening(flat, values[known.opens_with], lens),
        "vocabulary": tops[0].labels if tops else [],
    }
    common = compared_header(
        dataset, heading=known.heading, about=about(lens, _SOURCE in flat.dims, _MOST_NEURONS),
        sentence=sentence(flat, own, values),
    )  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {**values, **(tops[1] if tops else {})}
    for name in ("same_top", "state_distance"):
        if name in flat:
            arrays[name] = flat[name].values.astype(np.float32)
    return Spec("compare", common | own, arrays)


def _quantities(dataset: xr.Dataset, axes: tuple[str, str, str]) -> dict[str, NDArray[np.float32]]:
    """Every variable with these axes, of those with candidates the top one."""
    found = {}
    for name, array in dataset.data_vars.items():
        top = array.isel(k=0) if "k" in array.dims else array
        if top.dims == axes and top.dtype.kind == "f" and not str(name).startswith("inside_"):
            found[str(name)] = top.values.astype(np.float32)
    return found


def _with_source(
    dataset: xr.Dataset, values: dict[str, NDArray[np.float32]], rows: str
) -> dict[str, NDArray[np.float32]]:
    """(run, row, column) of both texts: columns of the source first."""
    read = _quantities(dataset, ("run", rows, _SOURCE))
    return {
        name: np.concatenate([read[f"source_{name}"], own], axis=2) for name, own in values.items()
    }


def _with_source_slots(dataset: xr.Dataset, axis: str) -> dict[str, Any]:
    """The slots of the source, then the text's own; `read` says how many are the source's."""
    read, own = slot_row(dataset, _SOURCE), slot_row(dataset, axis)
    sides = {name: [a + b for a, b in zip(read[name], own[name], strict=True)] for name in _SIDES}
    return {**sides, "same": read["same"] + own["same"], "read": len(read["same"])}


def _neurons(dataset: xr.Dataset) -> xr.Dataset:
    """(run, neuron, position) those of all layers that differ most at some token, most first."""
    flat = dataset.stack(row=("layer", "neuron"), create_index=False)
    gap = np.nan_to_num(np.abs(flat["activation"].isel(run=2).values))  # (position, row)
    order = np.argsort(-gap.max(axis=0), kind="stable")[:_MOST_NEURONS]
    part = flat.isel(row=order)
    names = [
        f"{layer}·{neuron}"
        for layer, neuron in zip(part["layer"].values, part["neuron"].values, strict=True)
    ]
    bare = part.drop_vars(["layer", "neuron"]).rename(row="neuron")
    return bare.transpose("run", "neuron", "position").assign_coords(neuron=names)


def _tops(dataset: xr.Dataset) -> tuple[Entries, dict[str, NDArray[Any]]]:
    """The candidates of both runs; tokens are told apart by their labels."""
    both = dataset.isel(run=slice(0, 2))
    labels = both["token"].values
    distinct, number = np.unique(labels.astype(str), return_inverse=True)
    numbers = np.where(both["token_id"].values < 0, -1, number.reshape(labels.shape))
    used = entries((np.arange(len(distinct)), distinct))
    probability = both["probability"].values.astype(np.float32)
    return used, {"top_index": used.index(numbers), "top_probability": probability}


def _rows(dataset: xr.Dataset, axis: str) -> list[str]:
    """What is printed before each row."""
    if axis == "layer":
        return [layer_name(int(layer)) for layer in dataset["layer"].values]
    if axis == "target":
        sides = [dataset[f"explained_{side}"].values for side in "ab"]
        return [a if a == b else f"{a or '∅'} / {b or '∅'}" for a, b in zip(*sides, strict=True)]
    return [f"{_MARKS.get(axis, '')}{label}" for label in dataset[axis].values]


def _columns(dataset: xr.Dataset, axis: str) -> dict[str, Any]:
    """The slots, or the watched tokens as slots that both runs have."""
    if _SOURCE in dataset.dims:
        return _with_source_slots(dataset, axis)
    if axis != "token":
        return slot_row(dataset, axis)
    labels = [str(label) for label in dataset["token"].values]
    here = list(range(len(labels)))
    return {
        "at": [here, here], "inputs": [labels, labels],
        "produced": [[False] * len(labels)] * 2, "same": [True] * len(labels),
    }  # fmt: skip


def _described(
    dataset: xr.Dataset, name: str, values: NDArray[np.float32], rows: str
) -> dict[str, Any]:
    """A quantity: its words and unit, the ends of its scale, and the largest difference drawn.

    The row of the input state is left out of the ends: it is far off, and would leave the rest in
    one colour. What lies beyond an end has its colour.
    """
    inner = dataset[rows].values != INPUT_LAYER if rows == "layer" else slice(None)
    sides, gap = values[:2, inner], np.abs(values[2, inner])
    low, high = (float(np.nanpercentile(sides, p)) for p in (0, 99))
    unit = str(dataset[name].attrs.get("units", "1"))
    ranked = name == "rank"
    return {
        "name": name, "words": _WORDS.get(name, name),
        "unit": "" if unit in _PLAIN_UNITS or ranked else unit,
        "scale": "log" if ranked else "linear", "share": name in ("probability", "saliency"),
        "low": 1.0 if ranked else min(0.0, low), "high": high if high > low else low + 1.0,
        "strong": "low" if name in ("rank", "surprisal") else "high",
        "gap": float(np.nanmax(gap)) if not np.isnan(gap).all() and np.nanmax(gap) > 0 else 1.0,
    }  # fmt: skip


def _opening(dataset: xr.Dataset, values: NDArray[np.float32], lens: str) -> dict[str, int]:
    """The cell that is chosen at first: the last paired token's final row, or the largest gap."""
    gap = np.nan_to_num(np.abs(values[2]))
    row, column = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
    if lens == "logit_lens":
        return {"row": gap.shape[0] - 1, "column": _last_paired(dataset)}
    return {"row": gap.shape[0] - 1 if lens in RACES else row, "column": column}


def _last_paired(dataset: xr.Dataset) -> int:
    paired = (dataset["position_a"].values >= 0) & (dataset["position_b"].values >= 0)
    return int(np.flatnonzero(paired)[-1]) if paired.any() else 0
