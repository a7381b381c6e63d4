"""Experts: layers of mixtures by tokens, the experts called in each cell, every score of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import percent
from .header import Runs, header
from .row import token_row
from .spec import Spec

__all__ = ["BUDGET", "experts_spec", "score_words", "scores_of"]

#: What a router's scores are -> in words.
_WORDS = {
    "softmax": "a softmax of the router's logits over all experts",
    "sigmoid": "a sigmoid of the router's logit for each expert",
    "sqrt softplus": "the square root of the softplus of the router's logit for each expert",
    "given": "as the router gives it",
}
_STEPS = 65535
#: The most bytes of scores that a page carries; beyond it, those of the last layers only.
BUDGET = 36_000_000
_LEFT_OUT = (
    "This page holds every score of the last {} of {} layers, and of the others those of the "
    "experts called. Ask for others with layers=[...]."
)


def experts_spec(dataset: xr.Dataset, *, budget: int | None = None) -> Spec:
    """Layer rows x token columns with the experts called; a layer's scores, expert by token.

    dataset  of experts
    budget   the most bytes of scores, BUDGET unless said; beyond it those of the last layers

    Its own header: the row of tokens, layers; counts (experts of each layer), k, scores (what they
    are, by layer), top (the largest), held (how many of the last layers have their scores there).
    Arrays: chosen, weight, score (layer, position, k); entropy, passed_over (layer, position); load
    (layer, expert); later, where there are any, probability (layer held, position, expert): the
    square root of the share of `top`, in 65,535ths.
    """
    probability = dataset["probability"].transpose("layer", "position", "expert").values
    known = not np.isnan(probability).all()
    top = float(np.nanmax(probability)) if known else 1.0
    room = (BUDGET if budget is None else budget) // max(1, 2 * probability[0].size)
    held = min(max(1, room), len(probability)) if known else 0
    own = {
        **token_row(dataset),
        "layers": [int(number) for number in dataset["layer"].values],
        "counts": [int(count) for count in dataset["experts"].values],
        "k": int(dataset.sizes["k"]),
        "scores": [str(name) for name in dataset["scores"].values],
        "top": top,
        "held": held,
    }
    arrays: dict[str, NDArray[Any]] = {
        "chosen": dataset["chosen"].values.astype(np.int32),
        "weight": dataset["weight"].values.astype(np.float32),
        "score": dataset["chosen_probability"].values.astype(np.float32),
        "entropy": dataset["entropy"].values.astype(np.float32),
        "passed_over": dataset["passed_over"].values.astype(np.int32),
        "load": dataset["load"].values.astype(np.float32),
    }
    if held:
        arrays["probability"] = _coded(probability[len(probability) - held :], top)
    common = header(
        dataset,
        heading="Which experts were called",
        about="Each token is sent to a few experts of a layer. Weight: the number that multiplies "
        f"what an expert gives. Probability: {score_words(own['scores'])}.",
        sentence=_sentence(arrays["load"], own),
    )
    if known and held < len(probability):
        common["notes"] = [*common["notes"], _LEFT_OUT.format(held, len(probability))]
    later = ("probability",) if held else ()
    return Spec("experts", common | own, arrays, later=later)


def score_words(names: list[str]) -> str:
    """What the scores of some layers are, in words.

    >>> score_words(["softmax", "softmax"]), score_words([""])
    ("a softmax of the router's logits over all experts", 'not had')
    """
    return ", or ".join(dict.fromkeys(_WORDS.get(name, "not had") for name in names))


def _coded(probability: NDArray[Any], top: float) -> NDArray[np.uint16]:
    coded = np.empty(probability.shape, np.uint16)
    for row, one in enumerate(probability):  # a layer at a time: float64 takes four times the room
        share = np.sqrt(np.nan_to_num(one.astype(np.float64)) / top)
        coded[row] = np.rint(share * _STEPS)
    return coded


def scores_of(spec: Spec, row: int) -> NDArray[np.float64]:
    """(position, expert) the scores of a row of layers, one of the last that the picture holds."""
    left_out = len(spec.header["layers"]) - int(spec.header["held"])
    share = spec.arrays["probability"][row - left_out].astype(np.float64) / _STEPS
    scores: NDArray[np.float64] = share**2 * float(spec.header["top"])
    return scores


def _sentence(load: NDArray[Any], own: dict[str, Any]) -> Runs:
    """The busiest expert, against equal use, and how many were never called."""
    layer, expert = map(int, np.unravel_index(int(np.nanargmax(load)), load.shape))
    known = load[~np.isnan(load)]
    equal = float(np.nansum(load[layer])) / own["counts"][layer]
    never = int((known == 0).sum())
    verb = "was" if never == 1 else "were"
    rest = f" {never:,} of {known.size:,} experts {verb} called at no token." if never else ""
    return [
        ["", "The busiest is "], ["b", f"expert {expert} of layer {own['layers'][layer]}"],
        ["", f": called at {percent(float(load[layer, expert]))} of the tokens, where equal use "
             f"would be {percent(equal)}.{rest}"],
    ]  # fmt: skip
