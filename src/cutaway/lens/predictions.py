"""The candidates: the k likeliest next tokens after each layer, at one position."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..core.axes import INPUT_LAYER, read_layer, read_whole
from ..trace.source import Question
from ..trace.trace import Trace
from .dataset import finish, vocabulary
from .float32_check import tops_in_float32
from .position import position_options, read_at_or_target
from .precision import best, noting_uncertain, with_runner_up

__all__ = ["predictions"]


def predictions(
    trace: Trace,
    *,
    at: int | None = None,
    target: int | None = None,
    layer: int | str | None = None,
    k: int = 10,
    checked: bool = False,
) -> xr.Dataset:
    """The k likeliest next tokens after every layer (or one) at one position.

    >>> predictions(trace, layer=29).probability.values[0, 0]  # doctest: +SKIP
    0.7731

    at       the position that is read; None: the last, -1
    target   instead of `at`: the position of a token that came, read at target - 1; T is the
             token the model would say next
    layer    0 to L-1 or "in"; None: every one
    k        how many, 1 to the vocabulary's size
    checked  of a model in half precision: whether each layer is checked in float32
    returns  token_id, token, probability, logit (layer, k), best first; with checked also what
             tops_in_float32 adds
    raises   InvalidError for a position, layer or k that does not exist
    source   the layer_predictions figures of https://jalammar.github.io/hidden-states/
    """
    position = read_at_or_target(trace, at, target)
    every = tuple(range(INPUT_LAYER, trace.n_layers))
    k = read_whole("k", k, 1, trace.card.vocab_size)
    question = Question(
        layers=every if layer is None else (read_layer(layer, trace.n_layers),),
        positions=(position,),
        k=with_runner_up(trace.card, k),
    )
    asked = trace.source.project(trace, question)
    rows = best(asked, k)
    ids = rows.token_id[:, 0]
    axes = ("layer", "k")
    dataset = xr.Dataset(
        {
            "token_id": (axes, ids, {"units": "1"}),
            "token": (axes, vocabulary(trace, ids), {"units": "text"}),
            "probability": (axes, rows.probability[:, 0], {"units": "1"}),
            "logit": (axes, rows.logit[:, 0], {"units": "1"}),
        },
        coords={
            "layer": np.asarray(question.layers, dtype=np.int64),
            "k": np.arange(k, dtype=np.int64),
        },
    )
    options = {"k": k, "checked": bool(checked), **position_options(trace, position)}
    if checked:
        dataset, noted = tops_in_float32(dataset, trace, question)
    else:
        noted = noting_uncertain(trace, asked.logit[:, 0], question.layers)
    return finish(dataset, noted, lens="predictions", options=options)
