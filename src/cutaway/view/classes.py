"""The classes after each layer: layers up, and across the labels of a text, or its tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER, layer_name
from ..core.numbers import percent, quantity
from ..core.tokens import display_text
from .header import Runs, attribute, header
from .row import token_row
from .sentences import stays_from
from .spec import Spec

__all__ = ["classes_spec"]

_ABOUT = {
    "sequence": "What the model's own head says of the text",
    "token": "What the model's own head says of each token",
    "span": "Where the model's own head says that the answer begins and ends",
}
_PROBABILITIES = {
    "softmax": "probabilities of the labels sum to 1",
    "sigmoid": "each label's probability is its own",
    "": "the model gives scores and no probabilities",
    "span": "probabilities are over the positions",
}
#: Letters of an answer in a sentence.
_LONGEST = 60


def classes_spec(dataset: xr.Dataset) -> Spec:
    """A cell for every layer and label, or for every layer and token.

    dataset  of classes: logit, probability (layer, label) or (layer, position, label); of one that
             finds answers also span_start, span_end, span_probability, span_text (layer, k)
    """
    options = attribute(dataset, "options")
    task, scores = options["task"], options["scores"]
    logit, share = _table(dataset, "logit"), _table(dataset, "probability")
    labels = [display_text(str(label)) for label in dataset["label"].values]
    if task == "sequence":  # the likeliest label first
        order = np.argsort(-logit[-1, 0], kind="stable")
        logit, share = logit[..., order], share[..., order]
        labels = [labels[i] for i in order]
    layers = [int(layer) for layer in dataset["layer"].values]
    own: dict[str, Any] = {
        "task": task,
        "labels": labels,
        "layers": layers,
        "quantities": _quantities(logit, layers, task, scores),
        "spans": _spans(dataset) if task == "span" else [],
        "row": None if task == "sequence" else token_row(dataset),
    }
    said = _PROBABILITIES["span" if task == "span" else scores]
    common = header(
        dataset,
        heading="What it would answer after each layer",
        about=f"{_ABOUT[task]} if it stopped after a layer, the blocks above it bypassed; {said}. "
        f"Layers count from 0, “{layer_name(INPUT_LAYER)}” is the state that enters layer 0.",
        sentence=_SENTENCES[task](own, logit, share),
    )
    arrays = {"logit": logit, "probability": share}
    return Spec("classes", common | own, arrays)


def _table(dataset: xr.Dataset, name: str) -> NDArray[np.float32]:
    """(layer, position, label) float32; of a text one position."""
    values = dataset[name]
    if "position" not in values.dims:
        values = values.expand_dims(position=[0])
    return values.transpose("layer", "position", "label").values.astype(np.float32)


def _quantities(
    logit: NDArray[np.float32], layers: list[int], task: str, scores: str
) -> list[dict[str, Any]]:
    """What colours the cells; a model without probabilities has its logits alone."""
    blocks = logit[[layer != INPUT_LAYER for layer in layers]]
    low, high = float(blocks.min()), float(blocks.max())
    common = {"unit": "", "scale": "linear", "ramp": "clay", "strong": "high"}
    over = "over the positions" if task == "span" else "of the label"
    return [
        *([{**common, "name": "probability", "words": f"probability {over}", "low": 0.0,
            "high": 1.0}] if scores else []),
        {**common, "name": "logit", "words": "logit", "low": low,
         "high": high if high > low else low + 1.0},
    ]  # fmt: skip


def _spans(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """The best answers after each layer, best first, and the probability that there is none."""
    names = ("span_start", "span_end", "span_probability", "span_text")
    columns = [dataset[name].transpose("layer", "k").values for name in names]
    found = []
    for layer in range(dataset.sizes["layer"]):
        rows = zip(*(column[layer] for column in columns), strict=True)
        none = float(dataset["no_answer"].values[layer])
        found.append({
            "best": [
                {"start": int(i), "end": int(j), "probability": float(p), "text": _shown(text)}
                for i, j, p, text in rows if i >= 0
            ],
            "none": None if np.isnan(none) else none,
        })  # fmt: skip
    return found


def _shown(text: str) -> str:
    """A stretch of text on one line: its spaces stay, whatever else has no shape gets a mark."""
    return " ".join(display_text(word) for word in str(text).split()) or display_text(str(text))


def _sentence_of_text(
    own: dict[str, Any], logit: NDArray[np.float32], share: NDArray[np.float32]
) -> Runs:
    best, known = own["labels"][0], not np.isnan(share[-1, 0, 0])
    if not known:
        score = quantity(float(logit[-1, 0, 0]))
        return [["", "The model's score of "], ["out", best], ["", " is "], ["b", score], ["", "."]]
    runs = [["", "The model says "], ["out", best], ["", " with "]]
    runs += [["b", percent(float(share[-1, 0, 0]))]]
    if len(own["labels"]) > 1:
        since = stays_from(logit[:, 0].argmax(axis=-1), own["layers"])
        assert since is not None  # argmax is never undefined
        runs += [["", "; it is ahead of the others from "], ["b", _since(since)], ["", " on"]]
    return [*runs, ["", "."]]


def _sentence_of_tokens(
    own: dict[str, Any], logit: NDArray[np.float32], share: NDArray[np.float32]
) -> Runs:
    """How many tokens have each label, and the one that is surest of the rarest."""
    said = logit[-1].argmax(axis=-1)
    found, counts = np.unique(said, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    runs = [["", "Of "], ["b", str(len(said))], ["", " tokens "]]
    for n, i in enumerate(order[:3]):
        runs += [["", ", " if n else ""], ["b", str(counts[i])], ["", " are "]]
        runs += [["out", own["labels"][found[i]]]]
    if len(order) > 3:
        runs += [["", f" and {counts[order[3:]].sum()} more"]]
    rare = found[order[-1]]
    if len(order) > 1:
        at = int(np.where(said == rare, share[-1, :, rare], -1).argmax())
        runs += [["", "; surest of "], ["out", own["labels"][rare]], ["", " is "]]
        runs += [["in", own["row"]["inputs"][at]], ["", " with "]]
        runs += [["b", percent(float(share[-1, at, rare]))]]
    return [*runs, ["", "."]]


def _sentence_of_answer(
    own: dict[str, Any], logit: NDArray[np.float32], share: NDArray[np.float32]
) -> Runs:
    del logit, share
    last = own["spans"][-1]
    if not last["best"]:
        return [["", "The model finds no answer in this text."]]
    best = last["best"][0]
    text = best["text"] if len(best["text"]) <= _LONGEST else best["text"][: _LONGEST - 1] + "…"
    runs = [["", "The likeliest answer is "], ["out", text], ["", " with "]]
    runs += [["b", percent(best["probability"])]]
    start, end = best["start"], best["end"]
    place = f"at position {start}" if start == end else f"from position {start} to {end}"
    runs += [["", f", {place}"]]
    if last["none"] is not None:
        runs += [["", "; that there is none has "], ["b", percent(last["none"])]]
    return [*runs, ["", "."]]


_SENTENCES = {
    "sequence": _sentence_of_text,
    "token": _sentence_of_tokens,
    "span": _sentence_of_answer,
}


def _since(layer: int) -> str:
    return f"the input state ({layer_name(layer)})" if layer < 0 else f"layer {layer}"
