"""The next-token explorer: the tree of texts, and of each what could come next."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent, quantity
from .entries import entries
from .header import Runs, attribute, header
from .spec import Spec

__all__ = ["explore_answer", "explore_spec"]

#: Stands for -inf, which JSON has not; a probability is 0 with either.
_MASKED = -1e30


def explore_spec(dataset: xr.Dataset) -> Spec:
    """The candidates of every node, with all that temperature, top-k and top-p need.

    dataset  of lens.explore

    The header adds
      nodes         [{parent, labels, token_id, text, probability, entropy}], -1 and null for none
      at            the node that is looked at
      k, temperature, top_k, top_p  as asked for, null for none
      temperatures  those that can be asked for
      vocab         how many tokens there are
      vocabulary    labels of the candidates
      source        labels of the tokens that an encoder-decoder read, null for other models
      samples       [{node, options, ways: [{token_ids, labels, text, mean}]}]

    arrays: probability, drawn float32 (k) of the node that is looked at, drawn NaN where it needs
    more tokens than are known; candidate_id, candidate_index int32, candidate_logit float32
    (node, candidate); log_total float32 (node, temperature), from the first candidate's logit on.
    """
    options = attribute(dataset, "options")
    ids = dataset["candidate_id"].values
    used = entries((ids, dataset["candidate_token"].values))
    own = {
        "nodes": _nodes(dataset),
        "at": options["node"],
        **{name: options[name] for name in ("k", "temperature", "top_k", "top_p")},
        "temperatures": dataset["temperature"].values.tolist(),
        "vocab": int(dataset.attrs["vocab"]),
        "vocabulary": used.labels,
        "source": _source(dataset),
        "samples": json.loads(dataset.attrs["samples"]),
    }
    common = header(
        dataset,
        heading="What could come next",
        about="The likeliest next tokens: softmax of the model's logits. Pick one and it is "
        "appended; what was explored stays in the tree."
        + (" What is written here answers the source." if own["source"] else ""),
        sentence=_sentence(dataset),
    )
    arrays = {
        "probability": dataset["probability"].values.astype(np.float32),
        "drawn": dataset["drawn"].values.astype(np.float32),
        "candidate_id": ids.astype(np.int32),
        "candidate_index": used.index(ids),
        "candidate_logit": dataset["candidate_logit"].values.astype(np.float32),
        "log_total": dataset["log_total"].values.astype(np.float32),
    }
    return Spec("explore", common | own, arrays)


def explore_answer(dataset: xr.Dataset, node: int, *, drawn: bool) -> NDArray[np.uint8]:
    """One node for a picture that is open, as JSON in bytes; drawn: with its last samples."""
    one = dataset.sel(node=node)
    whole = {
        "at": node,
        "node": _nodes(dataset)[node],
        "ids": one["candidate_id"].values.tolist(),
        "labels": one["candidate_token"].values.tolist(),
        "logits": np.maximum(one["candidate_logit"].values, _MASKED).tolist(),
        "totals": one["log_total"].values.tolist(),
        "drawn": json.loads(dataset.attrs["samples"])[-1] if drawn else None,
    }
    written = json.dumps(whole, ensure_ascii=False, allow_nan=False)
    return np.frombuffer(written.encode(), dtype=np.uint8)


def _source(dataset: xr.Dataset) -> list[str] | None:
    name = "source_position_input"
    return [str(label) for label in dataset[name].values] if name in dataset.coords else None


def _nodes(dataset: xr.Dataset) -> list[dict[str, Any]]:
    entropy = dataset["entropy"].values.tolist()
    return [
        {**node, "parent": -1 if node["parent"] is None else node["parent"], "entropy": nats}
        for node, nats in zip(json.loads(dataset.attrs["tree"]), entropy, strict=True)
    ]


def _sentence(dataset: xr.Dataset) -> Runs:
    """The first candidate, and how open the choice is."""
    options = attribute(dataset, "options")
    node = json.loads(dataset.attrs["tree"])[options["node"]]
    share, nats = float(dataset["probability"].values[0]), dataset["entropy"].values
    return [
        ["", "After "], ["in", node["labels"][-1]], ["", " the model would say "],
        ["out", str(dataset["token"].values[0])], ["", " with probability "],
        ["b", percent(share)], ["", "; its entropy is "],
        ["b", quantity(float(nats[options["node"]]), "nats")], ["", "."],
    ]  # fmt: skip
