"""Classes: what a classifier would answer if it stopped after each layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER, read_whole
from ..core.errors import InvalidError, MissingError
from ..trace.trace import Trace
from .dataset import finish, strings, token_coords

__all__ = ["SPANS", "best_spans", "classes", "probabilities"]

#: Best answers, where they are asked for.
SPANS = 5
_NOTES = {
    "sigmoid": "each label is judged by itself: their probabilities need not sum to 1",
    "": "scores, no probabilities: the model's configuration has one label or names a regression",
}


def classes(trace: Trace, *, k: int | None = None) -> xr.Dataset:
    """The labels' logits and probabilities after every layer, the blocks above it bypassed.

    >>> classes(trace).probability.sel(layer=11, label="POSITIVE").item()  # doctest: +SKIP
    0.9987

    k        of a model that finds answers: how many of the best spans, 5 unless said
    returns  logit, probability (layer, label) of a text, (layer, position, label) of its tokens and
             of where an answer begins and ends (labels "start", "end"; probabilities over the
             positions); with these span_start, span_end, span_probability, span_text (layer, k) and
             no_answer (layer). NaN where a model gives scores and no probabilities; -1, "" and NaN
             where there are fewer than k spans
    raises   MissingError for a language model, and for a trace that kept no answers and has no
             model; InvalidError for a k that means nothing
    """
    card = trace.card
    if not card.task:
        raise MissingError(
            "classes", because=f"{card.architecture} has no head that classifies",
            fix="it says tokens: ct.predictions(trace)",
        )  # fmt: skip
    layers = tuple(range(INPUT_LAYER, trace.n_layers))
    logits = trace.class_logits_after(layers)
    axes = ("layer", "label") if card.task == "sequence" else ("layer", "position", "label")
    shares = probabilities(card.task, card.scores, logits)
    variables: dict[str, Any] = {
        "logit": (axes, logits, {"units": "logit"}),
        "probability": (axes, shares, {"units": "1"}),
    }
    coords: dict[str, Any] = {"layer": np.asarray(layers), "label": strings(card.labels)}
    if card.task != "sequence":
        coords |= token_coords(trace, range(trace.n_positions))
    options: dict[str, Any] = {"task": card.task, "scores": card.scores}
    if card.task == "span":
        options["k"] = read_whole("k", SPANS if k is None else k, 1)
        variables |= _spans(trace, shares, options["k"])
        coords["k"] = np.arange(options["k"])
    elif k is not None:
        raise InvalidError("k", k, allowed="None but for a model that finds answers")
    note = _NOTES.get(card.scores)
    noted = replace(trace, notes=(*trace.notes, note)) if note else trace
    return finish(xr.Dataset(variables, coords), noted, lens="classes", options=options)


def probabilities(task: str, scores: str, logits: NDArray[Any]) -> NDArray[np.float32]:
    """The probabilities that logits (..., label) mean, of places over the positions before it.

    >>> probabilities("sequence", "softmax", np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]], dtype=float32)
    """
    x: NDArray[np.float64] = logits.astype(np.float64)
    if scores == "sigmoid":
        return (1 / (1 + np.exp(-x))).astype(np.float32)
    if scores != "softmax":
        return np.full(x.shape, np.nan, np.float32)
    axis = -2 if task == "span" else -1
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=axis, keepdims=True)
    return shares.astype(np.float32)


def _spans(trace: Trace, shares: NDArray[np.float32], k: int) -> dict[str, Any]:
    """The k likeliest answers after each layer: p(start at i) x p(end at j), i <= j.

    Answers lie in the second of two texts, which a question is asked of, and hold no special token
    at their ends. Where the first token is special, both places on it mean that there is none.
    """
    row, inside = trace.tokens, _answerable(trace)
    found = [_best(each * inside[:, None], k) for each in shares]
    places = np.stack([places for places, _ in found])
    texts = [
        [row.text[row.starts[i] : row.ends[j]] if i >= 0 else "" for i, j in each]
        for each in places
    ]  # fmt: skip
    none = shares[:, 0].prod(axis=-1) if row.special[0] else np.full(len(shares), np.nan)
    axes = ("layer", "k")
    return {
        "span_start": (axes, places[..., 0], {"units": "1"}),
        "span_end": (axes, places[..., 1], {"units": "1"}),
        "span_probability": (axes, np.stack([share for _, share in found]), {"units": "1"}),
        "span_text": (axes, np.stack([strings(each) for each in texts]), {"units": "text"}),
        "no_answer": (("layer",), none.astype(np.float32), {"units": "1"}),
    }


def best_spans(trace: Trace, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(k, 2) where the model's k likeliest answers begin and end, and their probabilities."""
    logits = trace.class_logits_after((trace.n_layers - 1,))[0]
    shares = probabilities(trace.card.task, trace.card.scores, logits)
    return _best(shares * _answerable(trace)[:, None], k)


def _answerable(trace: Trace) -> NDArray[np.bool_]:
    """(T,) the tokens that an answer may begin and end with."""
    row = trace.tokens
    inside = np.asarray([segment == 1 for segment in row.segments] or [True] * len(row))
    found: NDArray[np.bool_] = inside & ~np.asarray(row.special)
    return found


def _best(shares: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(k, 2) the likeliest pairs i <= j and their probabilities; -1 and NaN where none are left.

    shares  (T, 2) the probabilities of a beginning and of an end
    """
    table = np.triu(np.outer(shares[:, 0], shares[:, 1]))
    order = np.argsort(-table, axis=None, kind="stable")[:k]
    share = table.ravel()[order]
    order = order[share > 0]
    places = np.full((k, 2), -1, np.int64)
    places[: len(order)] = np.stack(np.unravel_index(order, table.shape), axis=1)
    chances = np.full(k, np.nan, np.float32)
    chances[: len(order)] = share[: len(order)]
    return places, chances
