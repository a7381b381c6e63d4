"""The race of chosen tokens: rank and probability of each after every layer, at one position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import INPUT_LAYER, as_list, read_whole
from ..core.errors import InvalidError
from ..trace.source import Question, Rows
from ..trace.trace import Trace
from .dataset import finish, strings, vocabulary
from .float32_check import race_in_float32
from .position import position_options, read_at_or_target
from .precision import noting_uncertain, two_largest

__all__ = ["race", "read_tokens", "watch"]


def watch(
    trace: Trace,
    tokens: Sequence[str | int],
    *,
    at: int | None = None,
    target: int | None = None,
    checked: bool = False,
) -> xr.Dataset:
    """Rank and probability of chosen tokens after every layer at one position.

    tokens   texts of one token each (mind the leading space), or ids
    checked  of a model in half precision: whether its ranks are checked in float32
    returns  rank (layer, token) int64, 1 is the top token; probability (layer, token); with
             checked also what race_in_float32 adds
    raises   InvalidError naming the pieces of a text that is several tokens
    source   the rankings_watch figures of https://jalammar.github.io/hidden-states/
    """
    position = read_at_or_target(trace, at, target)
    ids = read_tokens(trace, tokens)
    rows = race(trace, position, ids)
    dataset = xr.Dataset(
        {
            "rank": (("layer", "token"), rows.rank[:, 0], {"units": "1 is the top token"}),
            "probability": (("layer", "token"), np.exp(rows.target_logprob[:, 0]), {"units": "1"}),
        },
        coords={
            "layer": np.arange(INPUT_LAYER, trace.n_layers),
            "token": vocabulary(trace, np.asarray(ids)),
            "token_id": ("token", np.asarray(ids, dtype=np.int64)),
            "token_text": ("token", strings(p.text for p in trace.source.pieces(ids))),
        },
    )
    options = {**position_options(trace, position), "checked": bool(checked)}
    if checked:
        wide = trace.source.in_float32(trace)
        dataset, noted = race_in_float32(dataset, trace, race(wide, position, ids))
    else:
        leading, layers = two_largest(rows.target_logit[:, 0]), dataset["layer"].values.tolist()
        noted = noting_uncertain(trace, leading, layers, change="put another of them ahead")
    return finish(dataset, noted, lens="watch", options=options)


def read_tokens(trace: Trace, tokens: Sequence[str | int]) -> list[int]:
    """Distinct token ids of texts or ids, in the order given."""
    given: list[Any] = [] if isinstance(tokens, str) else as_list(tokens)
    if not given:
        raise InvalidError(
            "tokens", tokens, allowed="a list of texts of one token each", fix="write [' is']"
        )
    ids = [_token_id(trace, token) for token in given]
    if len(set(ids)) != len(ids):
        raise InvalidError("tokens", given, allowed="each token once")
    return ids


def race(trace: Trace, position: int, token_ids: Sequence[int]) -> Rows:
    """The chosen tokens' ranks and log-probabilities at one position, every layer."""
    question = Question(
        layers=tuple(range(INPUT_LAYER, trace.n_layers)),
        positions=(position,),
        targets=np.asarray([list(token_ids)], dtype=np.int64),
    )
    return trace.source.project(trace, question)


def _token_id(trace: Trace, token: str | int) -> int:
    if isinstance(token, str):
        return trace.source.token_id(token)
    return read_whole("token id", token, 0, trace.card.vocab_size - 1)
