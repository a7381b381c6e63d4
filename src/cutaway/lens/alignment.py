"""Alignment: which tokens of the source belong to each token of the target."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import read_whole
from ..core.errors import InvalidError, MissingError

__all__ = ["alignment_of_attention", "alignment_of_saliency"]

_FIELDS = ("", "_input", "_input_id", "_input_text", "_produced", "_role")
_ATTRS = ("model", "run", "notes")


def alignment_of_attention(
    attention: xr.Dataset, layer: int | None = None, head: int | None = None
) -> xr.Dataset:
    """Where cross attention looked in the source when each token of the target was produced.

    attention  of lens.attention with kind="cross", heads by themselves or their mean or most
    layer      one block; None: each of the dataset
    head       one head; None: the mean over the heads of a block
    returns    weight (layer, target, source), of the position before the target, which produced
               it; best (layer, target) the source position with the most of a row, back (layer,
               source) the target position with the most of a column; -1 where all are 0
    """
    options, kind = json.loads(attention.attrs["options"]), attention.attrs.get("kind", "self")
    if kind != "cross":
        raise InvalidError("kind", kind, allowed="'cross': an alignment is between two texts")
    if attention.sizes["query"] < 2:
        raise MissingError("the alignment", because="the target has no token but its first")
    taken = _heads(_layers(attention, layer), head)
    weight = taken.isel(query=slice(None, -1)).values.astype(np.float32)
    how = _words(attention, head)
    target = {
        "target": attention["query"].values[1:],
        **{
            f"target{field}": ("target", attention[f"query{field}"].values[1:])
            for field in _FIELDS[1:]
        },
        "explained": ("target", attention["query_input"].values[1:]),
        "layer": taken["layer"].values,
    }
    chosen = {
        name: None if number is None else int(number)
        for name, number in (("layer", layer), ("head", head))
    }
    own = {"of": "attention", **chosen, "asked": options}
    attrs = {"units": attention["weight"].attrs["units"], "long_name": how}
    source = _axis(attention, "key")
    return _finish(("layer", "target", "source"), weight, attrs, target | source, attention, own)


def alignment_of_saliency(saliency: xr.Dataset) -> xr.Dataset:
    """The share of each token of the source in each token of the target that is explained.

    saliency  of lens.saliency for a trace with a source
    returns   weight (target, source), the rest of a row lies on the target's earlier tokens; best
              (target), back (source) as alignment_of_attention
    """
    if "source_saliency" not in saliency:
        raise InvalidError(
            "saliency", "of one text", allowed="that of an encoder-decoder, with a source"
        )
    axes: dict[str, Any] = {"target": saliency["target"].values}
    for name in ("target_input", "target_input_id", "target_input_text", "target_produced",
                 "target_role", "explained"):  # fmt: skip
        axes[name] = ("target", saliency[name].values)
    shares = saliency["source_saliency"].transpose("target", "source_position")
    how = f"the share of the source's token in {saliency.attrs['explains']}"
    own = {"of": "saliency", "asked": json.loads(saliency.attrs["options"])}
    coords = axes | _axis(saliency, "source_position")
    attrs = {"units": "1", "long_name": how}
    whole = shares.values.astype(np.float32)
    return _finish(("target", "source"), whole, attrs, coords, saliency, own)


def _layers(attention: xr.Dataset, layer: int | None) -> xr.DataArray:
    """The weights of the layers asked for; a layer that is not there is refused."""
    if layer is None:
        return attention["weight"]
    known = attention["layer"].values.tolist()
    if read_whole("layer", layer, 0) not in known:
        raise InvalidError("layer", layer, allowed=", ".join(map(str, known)))
    return attention["weight"].isel(layer=[known.index(layer)])


def _heads(weight: xr.DataArray, head: int | None) -> xr.DataArray:
    """(layer, query, key) of one head or of all together; one layer is held at a time."""
    if "head" not in weight.dims:
        if head is None:
            return weight
        raise InvalidError("head", head, allowed="None: these heads were taken together before")
    known = weight["head"].values.tolist()
    if head is not None:
        read_whole("head", head, min(known), max(known))
        return weight.sel(head=head)
    rows = [weight.isel(layer=[row]).mean("head") for row in range(weight.sizes["layer"])]
    return xr.concat(rows, "layer")


def _words(attention: xr.Dataset, head: int | None) -> str:
    """What a cell is."""
    words = str(attention["weight"].attrs["long_name"])
    if "head" not in attention.dims:
        return words
    return f"the mean over the heads, of {words}" if head is None else f"head {head}: {words}"


def _axis(dataset: xr.Dataset, axis: str) -> dict[str, Any]:
    """The coordinates of the source's tokens, under the name of that axis."""
    fields = [*_FIELDS, *["_time"] * (f"{axis}_time" in dataset.coords)]
    return {f"source{field}": ("source", dataset[f"{axis}{field}"].values) for field in fields}


def _finish(
    axes: tuple[str, ...],
    weight: NDArray[np.float32],
    attrs: dict[str, str],
    coords: dict[str, Any],
    made_of: xr.Dataset,
    options: dict[str, Any],
) -> xr.Dataset:
    """The dataset with the largest of each row and column, and where it came from."""
    targets = np.asarray(coords["target"])
    sources = np.asarray(coords["source"][1])
    dataset = xr.Dataset(
        {
            "weight": (axes, weight, attrs),
            "best": (axes[:-1], _largest(weight, -1, sources), {"units": "1"}),
            "back": ((*axes[:-2], "source"), _largest(weight, -2, targets), {"units": "1"}),
        },
        coords=coords,
    )
    dataset.attrs.update({name: made_of.attrs[name] for name in _ATTRS})
    dataset.attrs.update(lens="alignment", options=json.dumps(options, ensure_ascii=False))
    return dataset


def _largest(weight: NDArray[Any], axis: int, numbers: NDArray[Any]) -> NDArray[np.int64]:
    """The number of the largest along an axis, -1 where none is above 0."""
    known = np.nan_to_num(weight)
    found: NDArray[np.int64] = np.where(
        known.max(axis=axis) > 0, numbers[known.argmax(axis=axis)], -1
    ).astype(np.int64)
    return found
