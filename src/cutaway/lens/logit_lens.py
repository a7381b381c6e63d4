"""The logit lens: what the model would say if it stopped after each layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import xarray as xr

from ..core.axes import INPUT_LAYER, as_list, read_positions, read_whole
from ..core.choices import read_choice
from ..core.errors import InvalidError
from ..trace.source import Ints, Question, Rows
from ..trace.trace import Trace
from .dataset import finish, token_coords, vocabulary
from .float32_check import tops_in_float32
from .precision import best, noting_uncertain, with_runner_up

__all__ = ["DISTANCES", "REFERENCES", "logit_lens"]

#: The distances between next-token distributions, with their units.
DISTANCES = {"kl": "nats", "js": "nats", "tv": "1"}
REFERENCES = ("final", "input")

Variable = tuple[tuple[str, ...], Any, dict[str, str]]
_WIDE = ("layer", "position", "k")
_PLAIN = ("layer", "position")


def logit_lens(
    trace: Trace,
    *,
    k: int = 5,
    rank_of: str = "top",
    against: Literal["final", "input"] = "final",
    distances: str | Iterable[str] = ("kl",),
    inside: bool = False,
    positions: int | slice | Iterable[int] | None = None,
    every: int = 1,
    checked: bool = False,
) -> xr.Dataset:
    """unembed(finalnorm(state)) after every layer at every position, reduced to readable numbers.

    >>> data = logit_lens(trace, rank_of="next")  # doctest: +SKIP
    >>> str(data.token.sel(layer=29, position=4, k=0).item())  # doctest: +SKIP
    '·Paris'

    k          top tokens of each cell, 1 to the vocabulary's size
    rank_of    whose rank and surprisal: "top" (the final layer's top token), "next" (the token
               that came), "input" (the token read), or the text of one token
    against    what distances are measured from: the final layer or the input state
    distances  of "kl" (reference || layer), "js", "tv"
    inside     whether the state between attention and MLP of each block is unembedded too
    positions  which are read; None: all
    every      layers in, 0, n, 2n, ... and always the last
    checked    of a model in half precision: whether each cell is checked in float32
    returns    token_id, token, probability, logit (layer, position, k); rank (1 is the top token),
               surprisal and entropy in nats, the distances (layer, position); with inside the same
               prefixed inside_. Undefined: token_id -1, rank 0, NaN
               With checked also what tops_in_float32 adds
    raises     InvalidError or UnknownError for an option that can't be; MissingError where the
               trace kept no states and has no model, or no model to be checked by
    source     https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens
    """
    at = read_positions(positions, trace.n_positions)
    k = read_whole("k", k, 1, trace.card.vocab_size)
    question = Question(
        layers=_every(trace, every),
        positions=at,
        k=with_runner_up(trace.card, k),
        targets=_targets(trace, rank_of, at),
        entropy=True,
        distances=_read_distances(distances),
        against=_read_against(against),
    )
    rows = trace.source.project(trace, question)
    variables = _variables(trace, best(rows, k), "")
    if inside:
        between = _inside(trace, question, rows.target_id)
        variables |= _variables(trace, best(between, k), "inside_")
    dataset = xr.Dataset(variables, _coords(trace, question, k, rows.target_id[:, 0]))
    options = {
        "k": k, "rank_of": rank_of, "against": against,
        "distances": list(question.distances), "inside": bool(inside),
        "positions": list(at), "every": every, "checked": bool(checked),
    }  # fmt: skip
    if checked:
        dataset, noted = tops_in_float32(dataset, trace, question)
    else:
        noted = noting_uncertain(trace, rows.logit, question.layers)
    return finish(dataset, noted, lens="logit_lens", options=options)


def _coords(trace: Trace, question: Question, k: int, target: Ints) -> dict[str, Any]:
    """The axes, what stands at each position, and whose rank is told there.

    target  (P,) token ids, -1 for none
    """
    return {
        "layer": np.asarray(question.layers, dtype=np.int64),
        "k": np.arange(k, dtype=np.int64),
        **token_coords(trace, question.positions),
        "target_id": ("position", target),
        "target": ("position", vocabulary(trace, target)),
    }


def _every(trace: Trace, every: int) -> tuple[int, ...]:
    """The input state, every n-th block from 0, and the last one."""
    step = read_whole("every", every, 1)
    last = trace.n_layers - 1
    return tuple(sorted({INPUT_LAYER, *range(0, last, step), last}))


def _targets(trace: Trace, rank_of: str, at: tuple[int, ...]) -> Ints | Literal["top"]:
    """(P, 1) the token whose rank is wanted at each position; -1 where there is none."""
    if not isinstance(rank_of, str):
        raise InvalidError(
            "rank_of", rank_of, allowed="'top', 'next', 'input' or the text of one token"
        )
    if rank_of == "top":
        return "top"
    following = (*trace.token_ids, -1)
    if rank_of == "next" and trace.card.is_masked:
        raise InvalidError(
            "rank_of", rank_of, allowed="'top', 'input' or the text of one token",
            fix="a masked model says the token at each position itself: that is 'input'",
        )  # fmt: skip
    if rank_of == "next":
        ids = [following[position + 1] for position in at]
    elif rank_of == "input":
        ids = [following[position] for position in at]
    else:
        ids = [trace.source.token_id(rank_of)] * len(at)
    return np.asarray(ids, dtype=np.int64)[:, None]


def _read_distances(distances: str | Iterable[str]) -> tuple[str, ...]:
    names = (read_choice("distance", name, DISTANCES) for name in as_list(distances))
    return tuple(dict.fromkeys(names))


def _read_against(against: Literal["final", "input"]) -> Literal["final", "input"]:
    read_choice("reference in against", against, REFERENCES)
    return against


def _inside(trace: Trace, question: Question, target_ids: Ints) -> Rows:
    """The same question of the states between attention and MLP; undefined at the input.

    target_ids  (P, 1) those of the states, so that both rows speak of the same token
    """
    blocks = tuple(layer for layer in question.layers if layer != INPUT_LAYER)
    asked = replace(question, layers=blocks, inside=True, targets=target_ids)
    rows = trace.source.project(trace, asked)
    return replace(
        rows,
        token_id=_lifted(rows.token_id, -1),
        probability=_lifted(rows.probability, np.nan),
        logit=_lifted(rows.logit, np.nan),
        rank=_lifted(rows.rank, 0),
        target_logit=_lifted(rows.target_logit, np.nan),
        target_logprob=_lifted(rows.target_logprob, np.nan),
        entropy=_lifted(rows.entropy, np.nan),
        distances={name: _lifted(values, np.nan) for name, values in rows.distances.items()},
    )


def _lifted(values: Any, undefined: float) -> Any:
    """The array with an undefined row for the input state before its first."""
    return np.concatenate([np.full_like(values[:1], undefined), values])


def _variables(trace: Trace, rows: Rows, prefix: str) -> dict[str, Variable]:
    """The dataset's variables, each with its axes and unit."""
    variables: dict[str, Variable] = {
        "token_id": (_WIDE, rows.token_id, {"units": "1"}),
        "token": (_WIDE, vocabulary(trace, rows.token_id), {"units": "text"}),
        "probability": (_WIDE, rows.probability, {"units": "1"}),
        "logit": (_WIDE, rows.logit, {"units": "1"}),
        "rank": (_PLAIN, rows.rank[..., 0], {"units": "1 is the top token"}),
        "surprisal": (_PLAIN, -rows.target_logprob[..., 0], {"units": "nats"}),
        "entropy": (_PLAIN, rows.entropy, {"units": "nats"}),
    }
    for name, values in rows.distances.items():
        variables[name] = (_PLAIN, values, {"units": DISTANCES[name]})
    return {prefix + name: variable for name, variable in variables.items()}
