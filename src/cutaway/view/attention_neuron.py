"""One head, number by number: the page computes any query's row from the vectors it carries."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent, quantity
from .header import header
from .row import token_row
from .spec import Spec

__all__ = ["attention_neuron_spec"]

#: How many entries of the product the sentence names.
_NAMED = 2
#: What a query meets: in its own text, or in the source.
_KEYS = ("it can see", "of the source")


def attention_neuron_spec(dataset: xr.Dataset) -> Spec:
    """The vectors of one head for every token, and the row of the query it opens with.

    dataset  of attention_neuron

    arrays, float32: query, key (T, d), value (T, dv); dot, score, weight (T) of the opening query,
    NaN where it can't see a key (weight 0); with rotary embedding query_before, key_before (T, d),
    cos, sin (T, turned); with position biases bias (T, T); with a mask besides causal and window
    hidden uint8 (T, T). Of an encoder-decoder's cross attention header["source"] is the row of the
    keys, S tokens of the source: key, value (S, ...), bias, hidden (T, S); null elsewhere.
    """
    how = dataset.attrs
    own: dict[str, Any] = {
        **token_row(dataset),
        "source": token_row(dataset, "key") if how.get("kind") == "cross" else None,
        "layer": int(dataset["layer"]),
        "head": int(dataset["head"]),
        "group": int(dataset["group"]),
        "group_size": int(how["group_size"]),
        "at": int(dataset["query"]),
        "scale": float(dataset["scale"]),
        "cap": _known(dataset["cap"]),
        "sink": _known(dataset["sink"]),
        "sink_weight": float(dataset["sink_weight"]),
        "causal": bool(how["causal"]),
        "window": int(how["window"]) or None,
        "layout": str(how["layout"]) or None,
    }
    common = header(
        dataset,
        heading=f"How head {own['head']} of layer {own['layer']} came by its weights"
        + (" on the source" if own["source"] else ""),
        about=f"One query vector against every key {_KEYS[bool(own['source'])]}, entry by entry: "
        "their products add "
        "up to a score, the softmax of the scores is the weight, and the weights add up the values "
        "to what the head writes.",
        sentence=_sentence(dataset, own),
    )
    return Spec("attention_neuron", common | own, _arrays(dataset))


def _known(number: xr.DataArray) -> float | None:
    """NaN is no number in JSON: what is not there is None."""
    return None if np.isnan(number) else float(number)


def _arrays(dataset: xr.Dataset) -> dict[str, NDArray[Any]]:
    """The vectors without their padding, and what is optional where it is there."""
    keys, values = int(dataset.attrs["key_size"]), int(dataset.attrs["value_size"])
    turned = int(dataset.attrs["turned"])
    wanted = {
        "query": ("queries", keys), "key": ("key_vector", keys), "value": ("value_vector", values),
        "query_before": ("queries_before", keys), "key_before": ("key_before", keys),
        "cos": ("cos", turned), "sin": ("sin", turned),
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {
        name: dataset[source].values[:, :size].astype(np.float32)
        for name, (source, size) in wanted.items()
        if source in dataset
    }
    for name in ("dot", "score", "weight"):
        arrays[name] = dataset[name].values.astype(np.float32)
    if "biases" in dataset:
        arrays["bias"] = dataset["biases"].values.astype(np.float32)
    if "hidden" in dataset:
        arrays["hidden"] = dataset["hidden"].values.astype(np.uint8)
    return arrays


def _sentence(dataset: xr.Dataset, own: dict[str, Any]) -> list[list[str]]:
    """Which key the opening query looks at most, and which entries made it so."""
    weights, keys = dataset["weight"].values, own["source"] or own
    of = " of the source" if own["source"] else ""
    key = int(np.nanargmax(weights))
    product = dataset["product"].values[key]
    runs = [
        ["", "At position "], ["b", str(own["at"])], ["", ", "], ["in", own["inputs"][own["at"]]],
        ["", " looks most at "], ["in", keys["inputs"][key]], ["", f"{of} (position {key}): "],
        ["b", percent(float(weights[key]))],
    ]  # fmt: skip
    if not np.isfinite(product).any():  # it sees no token at all
        return [runs[0], runs[1], ["", ", "], runs[3], ["", " can see no token."]]
    dot = float(dataset["dot"].values[key])
    runs += [["", f" of its attention. Their dot product is {_minus(dot)}"], *_made_of(product)]
    if own["sink"] is not None:
        runs += [["", " "], ["b", percent(own["sink_weight"])], ["", " lies on no token (a sink)."]]
    return runs


def _minus(value: float) -> str:
    """As the page prints it among its formulas."""
    return quantity(value).replace("-", "−")


def _made_of(product: NDArray[Any]) -> list[list[str]]:
    """The entries with the largest products, with their signs."""
    order = np.argsort(-np.nan_to_num(np.abs(product)), kind="stable")[:_NAMED]
    runs = [["", "; its largest terms are "]]
    for n, i in enumerate(int(i) for i in order if np.isfinite(product[i])):
        sign = "+" if product[i] > 0 else ""
        runs += [["", "" if n == 0 else " and "], ["b", sign + _minus(float(product[i]))]]
        runs += [["", f" at entry {i}"]]
    return [*runs, ["", "."]]
