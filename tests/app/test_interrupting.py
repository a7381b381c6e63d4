"""Interrupting the kernel leaves model and trace usable: a KeyboardInterrupt anywhere in a lens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AttentionInterface

import cutaway as ct
from cutaway.model.lm import LM
from cutaway.trace.trace import Trace
from tests.models import tiny

pytestmark = pytest.mark.slow

TEXT = "The keys to the cabinet are"
SOURCE = str(Path(ct.__file__).parent)
#: Interruptions of each question, at places drawn by a seed.
TIMES = 8

Ask = Callable[[LM, Trace], Any]


def attended(_: LM, trace: Trace) -> Any:
    view = ct.attention(trace)
    return view.figures.assign(weight=view.data["weight"].compute())


#: What is asked, by name, answered as a Dataset or as numbers.
QUESTIONS: dict[str, Ask] = {
    "trace": lambda lm, _: lm.trace(TEXT, keep="all").state(2),
    "batch": lambda lm, _: lm.trace([TEXT, "1, 1"])[1].state(2),
    "generate": lambda lm, _: lm.generate(TEXT, max_new_tokens=3, temperature=1.0).token_ids,
    "predictions": lambda _, trace: ct.predictions(trace).data,
    "logit_lens": lambda _, trace: ct.logit_lens(trace, inside=True).data,
    "watch": lambda _, trace: ct.watch(trace, [5, 6]).data,
    "pairs": lambda _, trace: ct.pairs([trace, trace], [5, 6]).data,
    "saliency": lambda _, trace: ct.saliency(trace).data,
    "integrated": lambda _, trace: ct.saliency(
        trace, method="integrated_gradients", targets=4, steps=6, spacing="even"
    ).data,
    "occlusion": lambda _, trace: ct.saliency(trace, method="occlusion").data,
    "check": lambda _, trace: ct.saliency(trace).check().data,
    "neurons": lambda _, trace: ct.neurons(trace).data,
    "clusters": lambda _, trace: ct.clusters(trace, n=2).data,
    "factors": lambda _, trace: ct.factors(trace, n=2).data,
    "attention": attended,
    "one head": lambda _, trace: ct.attention(trace).neuron().data,
    "walk": lambda _, trace: ct.walk(trace, layer=1).data,
    "compare": lambda _, trace: ct.compare(trace, trace, lens="attention").data.compute(),
    "explore": lambda lm, _: ct.explore(lm, TEXT).pick(1).sample(2, max_new_tokens=2).data,
    "report": lambda _, trace: ct.report(trace, ["lens", "saliency"]).data,
    "anatomy": lambda lm, _: ct.anatomy(lm).data,
}  # fmt: skip


def mixture() -> LM:
    return ct.wrap(*tiny("mixtral"))


def half() -> LM:
    model, tokenizer = tiny("llama")
    return ct.wrap(model.to(torch.bfloat16), tokenizer)


def two_texts() -> Any:
    return ct.wrap(*tiny("seq2seq bart", decoder_start_token_id=2))


def masked() -> LM:
    return ct.wrap(*tiny("masked bert"))


#: What is asked of other models: name -> the model, and the question.
OTHERS: dict[str, tuple[Callable[[], Any], Ask]] = {
    "experts": (mixture, lambda _, trace: ct.experts(trace).data),
    "checked": (half, lambda _, trace: ct.logit_lens(trace, checked=True).data),
    "a target": (two_texts, lambda lm, _: lm.generate(TEXT, max_new_tokens=3).token_ids),
    "both texts": (two_texts, lambda _, trace: ct.saliency(trace, targets=1).data),
    "source": (
        two_texts, lambda _, trace: ct.attention(trace, kind="cross").data["weight"].compute()
    ),
    "rollout": (
        two_texts,
        lambda _, trace: ct.attention(trace, kind="cross", aggregate="rollout").data.compute(),
    ),
    "walk to the source": (two_texts, lambda _, trace: ct.walk(trace, layer=1).data),
    "vectors": (masked, lambda lm, _: ct.embed(lm, [TEXT, "1, 1"]).data),
}  # fmt: skip


@pytest.fixture(scope="module")
def lm() -> LM:
    return ct.wrap(*tiny("llama"))


@pytest.fixture(scope="module")
def trace(lm: LM) -> Trace:
    return lm.trace(TEXT)


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_interrupted_question_can_be_asked_again(name: str, lm: LM, trace: Trace) -> None:
    ask_again_and_again(name, QUESTIONS[name], lm, trace)


@pytest.mark.parametrize("name", OTHERS)
def test_so_can_one_of_another_model(name: str) -> None:
    make, ask = OTHERS[name]
    lm = make()
    ask_again_and_again(name, ask, lm, lm.trace(TEXT))


def ask_again_and_again(name: str, ask: Ask, lm: LM, trace: Trace) -> None:
    """Interrupted at places drawn by the name's seed, then asked: the same answer each time."""
    before = fingerprint(lm)
    expected = ask(lm, trace)
    steps = steps_of(lambda: ask(lm, trace))
    assert steps > TIMES
    rng = np.random.default_rng(sum(map(ord, name)))
    for step in rng.integers(0, steps, TIMES):
        with pytest.raises(KeyboardInterrupt):
            interrupted(lambda: ask(lm, trace), int(step))
        assert fingerprint(lm) == before
        same(ask(lm, trace), expected)


def steps_of(act: Callable[[], object]) -> int:
    """How many times Cutaway's functions and the model's modules are entered."""
    return interrupted(act, None)


def interrupted(act: Callable[[], object], at: int | None) -> int:
    """Run it, with a KeyboardInterrupt as one of its functions is entered."""
    entered = 0

    def look(frame: FrameType, event: str, _: object) -> None:
        nonlocal entered
        code = frame.f_code
        # A generator that is thrown away is entered too, and there nothing can be raised.
        if event != "call" or SOURCE not in code.co_filename or code.co_flags & CO_GENERATOR:
            return
        entered += 1
        if entered - 1 == at:
            raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        act()
    finally:
        sys.setprofile(None)
    return entered


def fingerprint(lm: LM) -> Any:
    """All of the model and of the process that a question changes for its length."""
    modules = list(lm.model.modules())
    return (
        [(len(m._forward_hooks), len(m._forward_pre_hooks), m.training) for m in modules],
        [p.requires_grad for p in lm.model.parameters()],
        [p.grad is None for p in lm.model.parameters()],
        lm.model.config._attn_implementation,
        AttentionInterface.get_interface.__qualname__,
        lm.model.can_generate() and lm.model.generation_config.to_dict(),
        torch.is_inference_mode_enabled(), torch.is_grad_enabled(),
        torch.get_rng_state().tolist(),
    )  # fmt: skip


def same(found: Any, expected: Any) -> None:
    if hasattr(expected, "identical"):
        assert found.identical(expected)
    else:
        np.testing.assert_array_equal(found, expected)
