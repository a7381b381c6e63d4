"""Lets a model go on with a text: transformers' own generation, with only the options given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from math import isfinite
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    GenerationMixin,
    LogitsProcessorList,
    PreTrainedModel,
)

from ..core.axes import read_whole
from ..core.errors import InvalidError, MissingError
from ..core.progress import working
from .forward import as_input, inference_mode
from .prompt import Limits, Prompt, read_prompt
from .streaming import LastLogits, OnToken, Progress, Streamer
from .vocabulary import Vocabulary

__all__ = [
    "Options", "check_room", "configuration", "continued", "end_ids",
    "generated", "own_defaults_aside", "read_options", "seeded",
]  # fmt: skip


#: The lowest temperature that draws; a logit over less may be infinite in float32.
_COLDEST = 0.01


@dataclass(frozen=True)
class Options:
    """How the next token is chosen. temperature 0: the most probable one."""

    max_new_tokens: int
    temperature: float
    top_k: int | None
    top_p: float | None
    num_beams: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """The options as JSON values."""
        return asdict(self)


def read_options(
    *, max_new_tokens: int, temperature: float, top_k: int | None, top_p: float | None,
    num_beams: int, seed: int,
) -> Options:  # fmt: skip
    """The options, each in its range and none without effect.

    Raises InvalidError for one that is out of range or that another one rules out.
    """
    options = Options(
        max_new_tokens=read_whole("max_new_tokens", max_new_tokens, 1),
        temperature=_number("temperature", temperature, 0.0, None),
        top_k=None if top_k is None else read_whole("top_k", top_k, 1),
        top_p=None if top_p is None else _number("top_p", top_p, 0.0, 1.0),
        num_beams=read_whole("num_beams", num_beams, 1, 256),
        seed=read_whole("seed", seed, 0, 2**63 - 1),
    )
    _check_together(options)
    return options


def _check_together(options: Options) -> None:
    """InvalidError for what no draw can be done with, and for an option without effect."""
    if options.top_p == 0:
        raise InvalidError("top_p", options.top_p, allowed="above 0, up to 1")
    if 0 < options.temperature < _COLDEST:
        raise InvalidError(
            "temperature", options.temperature, allowed=f"0, or {_COLDEST:g} and more",
            fix="give temperature=0, which takes the most probable token",
        )  # fmt: skip
    if not options.temperature:
        for name, value in (("top_k", options.top_k), ("top_p", options.top_p)):
            if value is not None:
                raise InvalidError(
                    name, value, allowed="None while temperature is 0, which takes the most "
                    "probable token", fix="give temperature=1.0 as well",
                )  # fmt: skip
    elif options.num_beams > 1:
        raise InvalidError(
            "num_beams", options.num_beams, allowed="1 with a temperature: beams are searched, "
            "not drawn", fix="give temperature=0.0 or num_beams=1",
        )  # fmt: skip


def _number(what: str, value: object, low: float, high: float | None) -> float:
    bounds = f"a number from {low:g}" + ("" if high is None else f" to {high:g}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidError(what, value, allowed=bounds)
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond every float
        raise InvalidError(what, value, allowed=bounds) from None
    if not isfinite(number) or number < low or (high is not None and number > high):
        raise InvalidError(what, value, allowed=bounds)
    return number


def end_ids(model: PreTrainedModel, vocabulary: Vocabulary) -> tuple[int, ...]:
    """The tokens that end a text: the model's own and the tokenizer's."""
    own = model.generation_config.eos_token_id if model.generation_config else None
    listed = own if isinstance(own, list) else [own]
    found = [*listed, vocabulary.tokenizer.eos_token_id]
    return tuple(sorted({int(token_id) for token_id in found if token_id is not None}))


def generated(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    ids: Sequence[int],
    options: Options,
    limits: Limits,
    on_token: OnToken | None = None,
    *,
    source: Tensor | None = None,
) -> tuple[int, ...]:
    """The ids that the model goes on with, an end token that stopped it included.

    source  what the encoder of an encoder-decoder reads, (1, S) ids or the features of a sound; ids
            are then its decoder's

    The user's random state is left as it is, and so is the model's generation configuration.
    """
    if not model.can_generate():
        raise MissingError("generation", because=f"{type(model).__name__} can't generate")
    if on_token is not None and options.num_beams > 1:
        raise InvalidError("on_token", on_token, allowed="None with beams, which go back")
    check_room("max_new_tokens", options.max_new_tokens, len(ids), options.max_new_tokens, limits)
    prompt = as_input(model, ids) if source is None else source
    settings = configuration(options, end_ids(model, vocabulary))
    begun = {}
    if source is not None:
        begun = {"decoder_input_ids": as_input(model, ids)}
        settings.decoder_start_token_id = ids[0]  # what begins otherwise would get another start
    scores = LastLogits()
    streamer = None if on_token is None else Streamer(vocabulary, on_token, scores)
    if not prompt.is_floating_point():
        begun["attention_mask"] = torch.ones_like(prompt)
    with (
        inference_mode(model), own_defaults_aside(model), seeded(options.seed, prompt.device),
        working("generating", options.max_new_tokens) as step,
    ):  # fmt: skip
        rows = _way(model, prompt)(
            prompt,
            **begun,
            generation_config=settings,
            streamer=streamer,
            logits_processor=LogitsProcessorList(
                [Progress(step)] if streamer is None else [Progress(step), scores]
            ),
        )
    return tuple(int(token_id) for token_id in rows[0, len(ids) :])


def _way(model: Any, prompt: Tensor) -> Any:
    """How it goes on: models of sounds have ways of their own, with settings nobody asked for."""
    if prompt.is_floating_point():
        return partial(GenerationMixin.generate, model)
    return model.generate


def continued(
    vocabulary: Vocabulary,
    prompt: Prompt,
    text: str,
    limits: Limits,
    on_token: OnToken | None = None,
) -> tuple[int, ...]:
    """The ids of a given text instead of the model's own; it is tokenised by itself."""
    if not isinstance(text, str) or not text:
        raise InvalidError("continuation", text, allowed="a text of at least one token")
    ids = read_prompt(text, vocabulary, limits, add_special_tokens=False).ids
    check_room("continuation", text, len(prompt.ids), len(ids), limits)
    if on_token is not None:
        streamer = Streamer(vocabulary, on_token, LastLogits())
        for token_id in ids:
            streamer.say(token_id)
    return ids


def check_room(what: str, value: object, n_prompt: int, n_output: int, limits: Limits) -> None:
    """Refuse what would be longer than the model takes, with both numbers."""
    if limits.context is not None and n_prompt + n_output > limits.context:
        raise InvalidError(
            what, value, allowed=f"{limits.context} tokens in all: the prompt has {n_prompt}, "
            f"and {n_output} would follow",
        )  # fmt: skip


def configuration(options: Options, ends: tuple[int, ...]) -> GenerationConfig:
    """Exactly these options; a 0 in top_k switches off transformers' default of 50."""
    drawn = {
        "do_sample": True, "temperature": options.temperature,
        "top_k": options.top_k or 0, "top_p": options.top_p or 1.0,
    }  # fmt: skip
    return GenerationConfig(
        max_new_tokens=options.max_new_tokens,
        num_beams=options.num_beams,
        eos_token_id=list(ends) or None,
        pad_token_id=ends[0] if ends else 0,  # never used: one text needs no padding
        **(drawn if options.temperature else {"do_sample": False}),
    )


@contextmanager
def own_defaults_aside(model: PreTrainedModel) -> Iterator[None]:
    """transformers fills what was not given from the model's defaults: take them away."""
    own = model.generation_config
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = own


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from this seed; the user's random state comes back after."""
    devices = [device] if device.type != "cpu" else []
    with torch.random.fork_rng(devices, device_type=device.type if devices else "cuda"):
        torch.manual_seed(seed)
        yield
