"""One family looked at, the way a user looks: a tiny model, opened by Cutaway, and one trace."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import cutaway
from cutaway.model.lm import LM
from cutaway.trace.trace import Trace
from tests.models import kind_of, tiny_model, tiny_tokenizer

from .expected import AHEAD, LEAKS, SINGLE
from .heard import extractor_of, features, is_heard

__all__ = [
    "IDS", "PROBE", "SOURCE", "Found", "Unrunnable", "answered", "given", "hooks", "look",
    "reads_twice", "run_plain", "state_of",
]  # fmt: skip

#: What parts are found on, a text for the checks, and the text that an encoder reads first.
PROBE = tuple(range(3, 15))
IDS = (17, 4, 120, 33, 8, 61, 90, 12, 5)
SOURCE = (40, 7, 99, 21, 3, 150, 64, 18, 77, 30, 11)


class Unrunnable(Exception):  # noqa: N818 - says why there is nothing to look at
    """A family of which no tiny model can be built, or run on token ids."""


@dataclass(frozen=True)
class Found:
    """A tiny model of a family, what Cutaway made of it, and everything it records of IDS.

    plain   what the model answered before anyone looked
    within  what it answered while the trace was recorded, each time
    before  the state of its hooks, modes and weights at the beginning
    """

    family: str
    model: Any
    plain: Any
    before: object
    lm: LM
    trace: Trace
    within: tuple[Any, ...]

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Where each block begins and ends, in order; one that is called again is there again."""
        return [(block.roots[0], block.roots[-1]) for block in self.lm.anatomy.blocks]

    @property
    def kind(self) -> str:
        return kind_of(self.family)[0]

    @property
    def single(self) -> bool:
        """Whether its own code does not run in float64."""
        return kind_of(self.family)[1] in SINGLE

    @property
    def leaks(self) -> bool:
        """Whether it says the next token, and yet reads what comes after."""
        return self.family in AHEAD or kind_of(self.family)[1] in LEAKS


class NoReference(Exception):  # noqa: N818 - no error of the model, nor of Cutaway
    """This release's own code gives nothing to compare with; says why."""


def look(family: str) -> Found:
    """Raises Unrunnable, or CutawayError where the family is refused."""
    try:
        model = tiny_model(family)
        plain = run_plain(model)
    except Exception as cause:
        words = f"{type(cause).__name__}: {cause}".splitlines()[0]
        raise Unrunnable(words) from cause
    before = state_of(model)
    heard = {"feature_extractor": extractor_of(model)} if is_heard(model) else {}
    lm = cutaway.wrap(model, tiny_tokenizer(kind_of(family)[0] == "masked"), **heard)
    within: list[Any] = []

    def listen(_module: object, _args: object, kwargs: Any, output: Any) -> None:
        ids = kwargs.get("decoder_input_ids", kwargs.get("input_ids"))
        if ids is not None and ids.tolist() == [list(IDS)]:  # probes go through it, too
            within.append(output)

    handle = model.register_forward_hook(listen, with_kwargs=True)
    try:
        trace = traced(lm)
    finally:
        handle.remove()
    return Found(family, model, plain, before, lm, trace, tuple(within))


def traced(lm: LM) -> Trace:
    if is_heard(lm.model):
        heard = {lm.encoder.extraction.name: features(lm.model)}  # type: ignore[attr-defined]
        return lm.trace(heard, target=list(IDS), keep="all")  # type: ignore[call-overload,no-any-return]
    if reads_twice(lm.model):
        return lm.trace(list(SOURCE), target=list(IDS), keep="all")
    return lm.trace(list(IDS), keep="all")


def reads_twice(model: Any) -> bool:
    """Whether a model reads a source with an encoder, and then says the text token by token."""
    twice = bool(getattr(model.config, "is_encoder_decoder", False))
    return twice and model.get_output_embeddings() is not None


def run_plain(model: Any, **options: Any) -> Any:
    """The model's own answer to IDS, and nothing else."""
    with torch.inference_mode():
        return model(**given(model), **options)


def given(model: Any) -> dict[str, Any]:
    """What a model takes to read IDS: nothing is cached where it would be."""
    text = {"input_ids": torch.tensor([IDS])}
    if is_heard(model):
        text = {model.main_input_name: features(model), "decoder_input_ids": text["input_ids"]}
    elif reads_twice(model):
        text = {"input_ids": torch.tensor([SOURCE]), "decoder_input_ids": text["input_ids"]}
    taken = inspect.signature(model.forward).parameters
    caches = "use_cache" in taken or any(one.kind is one.VAR_KEYWORD for one in taken.values())
    return {**text, "use_cache": False} if caches else text


def answered(output: Any) -> Tensor:
    """(T, V) logits of an answer; of a classifier (T, labels) or (1, labels)."""
    if hasattr(output, "start_logits"):
        return torch.stack([output.start_logits, output.end_logits], dim=-1)[0]
    logits = output.logits if hasattr(output, "logits") else output[0]
    return logits[0] if logits.dim() == 3 else logits


def hooks(model: nn.Module) -> int:
    """How many hooks hang on a model's modules."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def state_of(model: nn.Module) -> object:
    """Hooks, modes, weights, gradients and configuration."""
    weights = {
        name: (float(np.nan_to_num(p.sum().item())), p.requires_grad)
        for name, p in model.named_parameters()
    }
    modes = {name: module.training for name, module in model.named_modules()}
    return hooks(model), modes, weights, repr(model.config), "forward" in vars(model)
