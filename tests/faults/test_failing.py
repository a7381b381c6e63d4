"""A model that fails in the middle, and eight threads at once: the next answer is right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

import cutaway as ct
from cutaway.core.errors import MissingError
from cutaway.model.lm import LM
from cutaway.trace.trace import Trace
from tests.app.test_interrupting import (
    OTHERS,
    QUESTIONS,
    TEXT,
    ask_again_and_again,
    fingerprint,
    same,
    two_texts,
)
from tests.models import tiny

pytestmark = pytest.mark.slow

#: Calls of a module that fail, of each question and each sort of failure.
TIMES = 2
#: Questions that the trace answers by itself: no module runs.
SILENT = {"anatomy", "both texts"}
#: Those that say in their answer what could not be had, and go on.
TELLING = {"report", "walk", "walk to the source"}
#: Those whose answers a model keeps for the next time.
KEPT = {"attention", "one head", "compare", "source", "rollout", "aggregated", "norms", "alignment"}


def aligned(lm: Any) -> Any:
    made = lm.generate(TEXT, max_new_tokens=3)
    return ct.attention(made, kind="cross").alignment().data.compute()


#: More questions than tests/app/test_interrupting.py has: name -> the model, and the question.
MORE: dict[str, tuple[Callable[[], Any], Callable[[Any, Trace], Any]]] = {
    "classes": (
        lambda: ct.wrap(*tiny("sequence bert", num_labels=3)),
        lambda _, trace: ct.classes(trace).data,
    ),
    "aggregated": (
        lambda: ct.wrap(*tiny("gpt2")),
        lambda _, trace: ct.attention(trace, aggregate="rollout").data.compute(),
    ),
    "norms": (
        lambda: ct.wrap(*tiny("gpt2")),
        lambda _, trace: ct.attention(trace, weighting="output_norm").data.compute(),
    ),
    "alignment": (
        two_texts,
        lambda lm, _: aligned(lm),
    ),
    "sampled": (
        lambda: ct.wrap(*tiny("gpt2")),
        lambda _, trace: ct.saliency(trace, method="kernel_shap", targets=4, samples=6).data,
    ),
}  # fmt: skip


class TornError(RuntimeError):
    """What a broken module raises."""


@contextmanager
def failing(at: int | None, problem: BaseException) -> Iterator[list[int]]:
    """The n-th call of any module raises; None counts them."""
    calls = [0]

    def hook(*_: Any) -> None:
        calls[0] += 1
        if calls[0] - 1 == at:
            raise problem

    handle = register_module_forward_pre_hook(hook)
    try:
        yield calls
    finally:
        handle.remove()


def refusal(act: Callable[[], object]) -> str:
    """What it is refused with; "" where it is answered."""
    try:
        act()
    except (TornError, MissingError) as told:
        return str(told)
    return ""


def fail_and_ask(name: str, lm: Any, ask: Callable[[Any, Trace], Any]) -> None:
    """The question fails with its module, and is then answered as before; nothing is left."""
    before, expected, refused = fingerprint(lm), ask(lm, lm.trace(TEXT)), 0
    lm, trace = anew(name, lm)
    with failing(None, TornError()) as calls:
        ask(lm, trace)
    assert calls[0] > 0 or name in SILENT, "no module runs"
    rng = np.random.default_rng(sum(map(ord, name)))
    for problem in (TornError("torn"), torch.OutOfMemoryError("none is left")):
        for at in rng.integers(0, calls[0], TIMES if calls[0] else 0):
            lm, trace = anew(name, lm)
            with failing(int(at), problem):
                told = refusal(partial(ask, lm, trace))
            assert re.search("^$|torn|memory", told)
            refused += bool(told)
            assert fingerprint(lm) == before
            same(ask(lm, trace), expected)
    assert refused or name in SILENT | TELLING


def anew(name: str, lm: Any) -> tuple[Any, Trace]:
    """The model and a trace; wrapped again where it keeps what it was asked of a text."""
    lm = ct.wrap(lm.model, lm.tokenizer) if name in KEPT else lm
    return lm, lm.trace(TEXT)


@pytest.fixture(scope="module")
def lm() -> LM:
    return ct.wrap(*tiny("llama"))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_whose_model_fails_can_be_asked_again(name: str, lm: LM) -> None:
    fail_and_ask(name, lm, QUESTIONS[name])


@pytest.mark.parametrize("name", {**OTHERS, **MORE})
def test_so_can_one_of_another_model(name: str) -> None:
    make, ask = {**OTHERS, **MORE}[name]
    fail_and_ask(name, make(), ask)


@pytest.mark.parametrize("name", MORE)
def test_more_questions_can_be_interrupted_and_asked_again(name: str) -> None:
    make, ask = MORE[name]
    lm = make()
    ask_again_and_again(name, ask, lm, lm.trace(TEXT))


def test_a_model_that_fails_while_it_is_looked_at_is_left_as_it_was() -> None:
    model, tokenizer = tiny("llama")
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()]
    with failing(None, TornError()) as calls:
        ct.wrap(model, tokenizer)
    for at in np.linspace(0, calls[0] - 1, 8).astype(int):
        with failing(int(at), TornError("torn")), suppress(MissingError, TornError):
            ct.wrap(model, tokenizer)  # a proof that fails is told, and the rest goes on
        assert hooks == [
            (len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()
        ]
    assert ct.wrap(model, tokenizer).trace(TEXT).n_positions


def test_threads_ask_one_model_one_trace_and_one_store_everything(lm: LM, tmp_path: Path) -> None:
    """Each question from eight threads at once, of one trace opened from one file."""
    path = lm.trace(TEXT, keep="all").save(tmp_path / "a.trace")
    trace, store = ct.open(path, lm), ct.runs(tmp_path / "runs")
    asks = [ask for name, ask in QUESTIONS.items() if name not in ("generate", "report")]
    alone = [ask(lm, trace) for ask in asks]
    before = fingerprint(lm)
    opened = ct.open(path, lm)  # none of its arrays was read yet

    def work(number: int) -> list[Any]:
        order = np.random.default_rng(number).permutation(len(asks))
        answers = {int(at): asks[at](lm, opened) for at in order}
        store.add(opened, tags=[str(number)])
        return [answers[at] for at in range(len(asks))]

    with ThreadPoolExecutor(8) as pool:
        for answers in pool.map(work, range(8)):
            for found, expected in zip(answers, alone, strict=True):
                same(found, expected)
    assert fingerprint(lm) == before
    (run,) = store.list()
    assert sorted(run.tags) == [str(number) for number in range(8)]
