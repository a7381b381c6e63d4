"""Probes: several prompts, the same watched tokens, one figure (agreement, bias)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..core.axes import INPUT_LAYER
from ..core.errors import InvalidError
from ..trace.trace import Trace
from .dataset import finish, strings, vocabulary
from .position import read_at_or_target
from .watch import race, read_tokens

__all__ = ["pairs"]


def pairs(traces: Sequence[Trace], tokens: Sequence[str | int], *, at: int = -1) -> xr.Dataset:
    """Rank and probability of the same tokens after every layer, for several prompts.

    traces   of one model; each is read at its own position `at`
    returns  rank, probability (run, layer, token)
    """
    _check(traces)
    first = traces[0]
    ids = read_tokens(first, tokens)
    places = [read_at_or_target(trace, at, None) for trace in traces]
    rows = [race(trace, place, ids) for trace, place in zip(traces, places, strict=True)]
    logprobs = np.stack([answer.target_logprob[:, 0] for answer in rows])  # (run, layer, token)
    axes = ("run", "layer", "token")
    dataset = xr.Dataset(
        {
            "rank": (axes, np.stack([answer.rank[:, 0] for answer in rows])),
            "probability": (axes, np.exp(logprobs), {"units": "1"}),
        },
        coords={
            "run": strings(_names(traces)),
            "layer": np.arange(INPUT_LAYER, first.n_layers),
            "token": vocabulary(first, np.asarray(ids)),
            "token_id": ("token", np.asarray(ids, dtype=np.int64)),
            "at": ("run", np.asarray(places, dtype=np.int64)),
            "text": ("run", strings(trace.text for trace in traces)),
        },
    )
    dataset["rank"].attrs["units"] = "1 is the top token"
    return finish(dataset, first, lens="pairs", options={"at": at, "runs": len(traces)})


def _check(traces: Sequence[Trace]) -> None:
    if isinstance(traces, Trace) or not all(isinstance(trace, Trace) for trace in traces):
        raise InvalidError(
            "traces", type(traces).__name__, allowed="a list of traces",
            fix="write ct.pairs(lm.trace([...]), [...])",
        )  # fmt: skip
    if not traces:
        raise InvalidError("traces", [], allowed="at least one trace")
    names = sorted({trace.card.name for trace in traces})
    if len(names) > 1:
        raise InvalidError("traces", names, allowed="traces of one model")


def _names(traces: Sequence[Trace]) -> list[str]:
    """A name for each run: its text, numbered where two are the same."""
    texts = [trace.text for trace in traces]
    again = [texts[:run].count(text) for run, text in enumerate(texts)]
    return [f"{text} ({n + 1})" if n else text for text, n in zip(texts, again, strict=True)]
