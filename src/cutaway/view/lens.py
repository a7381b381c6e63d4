"""The heat grid of the logit lens: layers up, positions across, a token in every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .entries import Entries, entries
from .header import attribute, header, is_masked
from .quantities import quantities, rank_words
from .row import token_row
from .sentences import Prediction, says, stays_from
from .spec import Spec

__all__ = ["lens_spec"]

_RANKED = ("top", "next", "input")
_WIDE = {"top_probability": "probability", "top_logit": "logit"}
#: What a model says at a position, by whether it is masked.
_PREDICTS = {
    False: "Position i predicts token i + 1",
    True: "Each position predicts the token that stands there",
}
_PLAIN = ("rank", "surprisal", "entropy", "kl", "js", "tv")


def lens_spec(dataset: xr.Dataset) -> Spec:
    """A cell per layer and position: the top token there, coloured by a quantity of choice.

    dataset  of logit_lens: token_id, token, probability, logit (layer, position, k); rank,
             surprisal, entropy and distances (layer, position); the same prefixed inside_; of one
             that was checked changed and float32_token_id (layer, position)
    source   https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens
    """
    used = _vocabulary(dataset)
    layers = [int(layer) for layer in dataset["layer"].values]
    tops = dataset["token_id"].transpose("layer", "position", "k").values[..., 0]
    final_ids = tops[:, _spoken(dataset)]
    stays = stays_from(final_ids, layers)
    own = _columns(dataset) | {
        "layers": layers,
        "k": int(dataset.sizes["k"]),
        "vocabulary": used.labels,
        "rank_of": _rank_of(dataset, used),
        "against": attribute(dataset, "options")["against"],
        "quantities": quantities(dataset),
        "opens_with": _opens_with(dataset),
        "inside": "inside_token_id" in dataset,
        "checked": "changed" in dataset,
        "partial": len(attribute(dataset, "options")["positions"]) < dataset.sizes["position"],
        "stays": _stays(dataset, stays),
    }
    common = header(
        dataset,
        heading="What it guessed after each layer",
        about="Top token of unembed(norm(state)) after each layer: what the model would say if "
        f"it stopped there. {_PREDICTS[is_masked(dataset)]}; layers count from 0, "
        "“in” is the state that enters layer 0.",
        sentence=_sentence(dataset, layers, stays),
    )
    return Spec("logit_lens", common | own, _arrays(dataset, used))


def _columns(dataset: xr.Dataset) -> dict[str, Any]:
    """The position axis and what is printed there."""
    names = {"nexts": "next", "input_ids": "input_id", "next_ids": "next_id"}
    own = {name: dataset[coordinate].values.tolist() for name, coordinate in names.items()}
    return token_row(dataset) | own


def _vocabulary(dataset: xr.Dataset) -> Entries:
    pairs = [
        (dataset[f"{prefix}token_id"].values, dataset[f"{prefix}token"].values)
        for prefix in ("", "inside_", "float32_", "inside_float32_")
        if f"{prefix}token_id" in dataset
    ]
    return entries(*pairs, (dataset["target_id"].values, dataset["target"].values))


def _rank_of(dataset: xr.Dataset, used: Entries) -> dict[str, Any]:
    rank_of = attribute(dataset, "options")["rank_of"]
    return {
        "name": rank_of if rank_of in _RANKED else "token",
        "words": rank_words(dataset),
        "target": used.index(dataset["target_id"].values).tolist(),
    }


def _opens_with(dataset: xr.Dataset) -> str:
    """What is shown first: whoever asks for a certain token's rank wants to see it."""
    return "probability" if attribute(dataset, "options")["rank_of"] == "top" else "rank"


def _stays(dataset: xr.Dataset, layer: int | None) -> dict[str, Any] | None:
    """From which layer the final top token stays on top at the last position."""
    if layer is None:
        return None
    last = dataset.isel(position=_spoken(dataset), layer=-1, k=0)
    return {
        "layer": layer, "position": int(last["position"]), "label": str(last["token"].values),
    }  # fmt: skip


def _sentence(dataset: xr.Dataset, layers: list[int], stays: int | None) -> list[list[str]]:
    last = dataset.isel(position=_spoken(dataset), layer=-1, k=0)
    said = Prediction(
        position=int(last["position"]), read=str(last["input"].values),
        came=str(last["next"].values), label=str(last["token"].values),
        probability=float(last["probability"]), masked=is_masked(dataset),
    )  # fmt: skip
    n_layers = attribute(dataset, "model")["n_layers"]
    return says(said, stays=stays, layers=layers, n_layers=n_layers)


def _spoken(dataset: xr.Dataset) -> int:
    """The position that the sentence is about: the last one; where masks are filled, the first."""
    mask = attribute(dataset, "model").get("mask_id", -1)
    filled = np.flatnonzero(dataset["input_id"].values == mask)
    return int(filled[0]) if is_masked(dataset) and filled.size else -1


def _arrays(dataset: xr.Dataset, used: Entries) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for prefix in ("", "inside_"):
        if f"{prefix}token_id" not in dataset:
            continue
        ids = dataset[f"{prefix}token_id"].transpose("layer", "position", "k").values
        arrays[f"{prefix}top_index"] = used.index(ids)
        arrays[f"{prefix}top_id"] = ids.astype(np.int32)
        for name, variable in _WIDE.items():
            wide = dataset[f"{prefix}{variable}"].transpose("layer", "position", "k")
            arrays[f"{prefix}{name}"] = wide.values.astype(np.float32)
        for name in _PLAIN:
            if f"{prefix}{name}" in dataset:
                plain = dataset[f"{prefix}{name}"].transpose("layer", "position").values
                kind = np.int32 if name == "rank" else np.float32
                arrays[f"{prefix}{name}"] = plain.astype(kind)
        if f"{prefix}changed" in dataset:
            arrays |= _checked(dataset, used, prefix)
    return arrays


def _checked(dataset: xr.Dataset, used: Entries, prefix: str) -> dict[str, NDArray[Any]]:
    """Where float32 puts another token on top, and which."""
    changed, ids = (
        dataset[f"{prefix}{name}"].transpose("layer", "position").values
        for name in ("changed", "float32_token_id")
    )
    return {
        f"{prefix}changed": changed.astype(np.uint8), f"{prefix}float32_index": used.index(ids)
    }  # fmt: skip
