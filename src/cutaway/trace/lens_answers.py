"""The answers of the logit lens that keep="lens" stores, and how they are read back.

One set of questions is asked once, while the model is there; `answer` then cuts from it what a
lens wants, or says what was never asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER
from ..core.errors import MissingError
from .source import Ints, Question, Rows
from .trace import Trace

__all__ = ["ATTACH", "KEPT_K", "TARGETS", "answer", "lens_answers", "lens_questions"]

#: What to do where the stored answers do not suffice.
ATTACH = "attach the model: ct.open(path, model=lm), or --model on the command line"
#: How many top tokens of each cell are stored.
KEPT_K = 10
#: The tokens whose ranks are stored: the final layer's top one, the one that came, the one read.
TARGETS = ("top", "next", "input")
_DISTANCES = ("kl", "js", "tv")


def lens_answers(trace: Trace) -> Rows:
    """The answers to store: asked of the trace's source, which must be a model.

    >>> rows = lens_answers(trace)  # doctest: +SKIP
    >>> rows.rank.shape, sorted(rows.distances)  # doctest: +SKIP
    ((31, 5, 3), ['input js', 'input kl', 'input tv', 'js', 'kl', 'tv'])

    Distances to the final layer go by their plain names, those to the input state by "input kl"
    and so on.
    """
    ask = trace.source.project
    every = tuple(range(trace.n_positions))
    last = Question(layers=(trace.n_layers - 1,), positions=every, k=1)
    to_final, to_input = lens_questions(trace, ask(trace, last).token_id[0, :, 0])
    rows, inputs = ask(trace, to_final), ask(trace, to_input)
    distances = {_stored(name, "final"): rows.distances[name] for name in _DISTANCES}
    distances |= {_stored(name, "input"): inputs.distances[name] for name in _DISTANCES}
    return replace(rows, distances=distances)


def lens_questions(trace: Trace, top: Ints) -> tuple[Question, Question]:
    """The two stored questions, given the final layer's top token of each position (T,)."""
    ids = np.asarray(trace.token_ids, dtype=np.int64)
    coming = np.append(ids[1:], -1)
    every = Question(
        layers=tuple(range(INPUT_LAYER, trace.n_layers)), positions=tuple(range(trace.n_positions)),
        distances=_DISTANCES, against="input",
    )  # fmt: skip
    targets = np.stack([top, coming, ids], axis=1)  # (T, 3), in the order of TARGETS
    final = replace(every, k=KEPT_K, targets=targets, entropy=True, against="final")
    return final, every


def answer(trace: Trace, question: Question) -> Rows:
    """The part of the stored answers that a question asks for: the same numbers, only fewer.

    Raises MissingError where the question was not among those stored.
    """
    rows = _stored_for(trace, question)
    at = np.asarray(question.positions, dtype=np.int64)
    cells = np.ix_(np.asarray(question.layers, dtype=np.int64) - INPUT_LAYER, at)
    column = _columns(rows, question, at)
    distances = {n: rows.distances[_stored(n, question.against)][cells] for n in question.distances}
    return Rows(
        token_id=rows.token_id[cells][..., : question.k],
        probability=rows.probability[cells][..., : question.k],
        logit=rows.logit[cells][..., : question.k],
        target_id=_pick(rows.target_id[at][None], column, -1)[0],
        rank=_pick(rows.rank[cells], column, 0),
        target_logit=_pick(rows.target_logit[cells], column, np.nan),
        target_logprob=_pick(rows.target_logprob[cells], column, np.nan),
        entropy=rows.entropy[cells],
        distances=distances,
    )


def _stored_for(trace: Trace, question: Question) -> Rows:
    """The stored answers; MissingError where there are none, or none of such a question."""
    if trace.answers is None:
        raise MissingError(
            "the answers of the logit lens",
            because=f"this trace kept {', '.join(trace.kept) or 'nothing'}",
            fix=f"trace again with keep='lens', or {ATTACH}",
        )
    if question.inside:
        raise _never_asked("the lens inside blocks", "only the states after them were asked")
    if question.k > KEPT_K:
        raise _never_asked(f"the top {question.k} tokens", f"{KEPT_K} were asked")
    return trace.answers


def _columns(rows: Rows, question: Question, at: Ints) -> Ints:
    """(P, n) which stored target each wanted one is; -1 where it is undefined."""
    if question.targets is None:
        return np.empty((len(at), 0), dtype=np.int64)
    if isinstance(question.targets, str):
        return np.full((len(at), 1), TARGETS.index(question.targets), dtype=np.int64)
    wanted = np.asarray(question.targets)  # (P, n)
    equal = wanted[..., None] == rows.target_id[at][:, None, :]  # (P, n, stored)
    undefined = wanted == -1
    if not (equal.any(-1) | undefined).all():
        raise _never_asked(
            "the rank of this token", "asked were the top token, the one that came, the one read"
        )
    return np.where(undefined, -1, equal.argmax(-1))


def _pick(stored: NDArray[Any], column: Ints, undefined: float) -> NDArray[Any]:
    """(R, P, stored) -> (R, P, n) by column; -1 is the undefined value."""
    if column.shape[1] == 0:
        return stored[..., :0]
    taken = np.take_along_axis(stored, np.maximum(column, 0)[None], axis=-1)
    return np.where(column[None] < 0, np.asarray(undefined, dtype=stored.dtype), taken)


def _stored(distance: str, against: Literal["final", "input"]) -> str:
    return distance if against == "final" else f"input {distance}"


def _never_asked(what: str, because: str) -> MissingError:
    return MissingError(f"{what} in the stored answers", because=because, fix=ATTACH)
