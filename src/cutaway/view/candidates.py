"""The candidates table: the k likeliest next tokens after each layer, at one position."""

from __future__ import annotations

import numpy as np
import xarray as xr

from .entries import entries
from .header import attribute, header, is_masked
from .sentences import Prediction, says, stays_from
from .spec import Spec

__all__ = ["candidates_spec"]

_AXES = ("layer", "k")
_KINDS = {False: "next tokens", True: "tokens for that place"}


def candidates_spec(dataset: xr.Dataset) -> Spec:
    """A row per layer: k tokens with their probabilities as bars.

    dataset  of predictions: token_id, token, probability, logit (layer, k); of one that was checked
             changed, float32_token (layer)
    source   the layer_predictions figures of https://jalammar.github.io/hidden-states/
    """
    options = attribute(dataset, "options")
    ids, tokens, probability, logit = (
        dataset[name].transpose(*_AXES).values
        for name in ("token_id", "token", "probability", "logit")
    )
    layers = [int(layer) for layer in dataset["layer"].values]
    used, other = entries((ids, tokens)), _other(dataset)
    said = Prediction(
        position=options["at"], read=options["read"], came=options["came"],
        label=str(tokens[-1, 0]), probability=float(probability[-1, 0]), masked=is_masked(dataset),
    )  # fmt: skip
    n_layers = attribute(dataset, "model")["n_layers"]
    sentence = says(said, stays=stays_from(ids[:, 0], layers), layers=layers, n_layers=n_layers)
    own = {
        "layers": layers,
        "k": ids.shape[1],
        "position": options["at"],
        "label": options["read"],
        "next": options["came"],
        "next_id": options["came_id"],
        "vocabulary": used.labels,
        "words": "probability of the token, from 0 to 1",
        "float32": other,
    }
    common = header(
        dataset,
        heading="What it nearly said",
        about=f"The {ids.shape[1]} likeliest {_KINDS[is_masked(dataset)]} after each layer: "
        "softmax of unembed(norm(state)). Bars show the probability, from 0 to 1."
        + (" ≠ beside a layer: float32 puts another token on top." if any(other) else ""),
        sentence=sentence,
    )
    arrays = {
        "top_index": used.index(ids),
        "top_id": ids.astype(np.int32),
        "top_probability": probability.astype(np.float32),
        "top_logit": logit.astype(np.float32),
    }
    return Spec("candidates", common | own, arrays)


def _other(dataset: xr.Dataset) -> list[str]:
    """For each layer the token that float32 puts on top, where it is another one; else ""."""
    if "changed" not in dataset:
        return [""] * dataset.sizes["layer"]
    pairs = zip(dataset["changed"].values, dataset["float32_token"].values, strict=True)
    return [str(token) if changed else "" for changed, token in pairs]
