"""What an encoder-decoder's decoder reads: a target text, behind the token that starts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from ..core.errors import InvalidError, MissingError
from .generate import end_ids
from .objective import reads_sound
from .prompt import Limits, Prompt, read_prompt
from .vocabulary import Vocabulary, unbroken

__all__ = ["read_beginning", "read_target", "start_id"]

_FORMS = "a text, or the token ids that the decoder reads, its start token first"


def read_target(
    target: object,
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    limits: Limits,
    *,
    add_special_tokens: bool = True,
) -> Prompt:
    """The ids that the decoder is fed; None: its start token alone.

    A text is tokenised as the family's labels are, and shifted as its training shifts them: the
    start token goes first. The last token stays, though training feeds it no more: nothing before
    it reads it. Ids are fed as they are. Raises InvalidError as `read_prompt` does.
    """
    if target is None:
        return _prompt((start_id(model, vocabulary),), None, vocabulary, limits)
    if isinstance(target, str):
        if not target:
            raise InvalidError("target", target, allowed="a text of at least one token")
        whole = _begins_itself(target, model, vocabulary)
        labels = _labels(target, vocabulary, add_special_tokens and not whole)
        notes = read_prompt(target, vocabulary, limits).notes
        return _prompt(_shifted(labels, model, vocabulary), target, vocabulary, limits, notes)
    if isinstance(target, Sequence | np.ndarray | Tensor):
        ids = read_prompt(target, vocabulary, limits).ids
        return _prompt(ids, list(ids), vocabulary, limits)
    raise InvalidError("target", target, allowed=_FORMS)


def read_beginning(
    target: object, model: PreTrainedModel, vocabulary: Vocabulary, limits: Limits
) -> Prompt:
    """What a produced text begins with: its start token, and what was given of it.

    None: the start token, and the token that the model's own generation forces to come first
    (a language). A text is taken without the end token, after which nothing would come.
    """
    if target is None:
        first = (start_id(model, vocabulary), *_forced(model))
        return _prompt(first, None, vocabulary, limits)
    begun = read_target(target, model, vocabulary, limits)
    ends = end_ids(model, vocabulary)
    if isinstance(target, str) and len(begun.ids) > 1 and begun.ids[-1] in ends:
        return _prompt(begun.ids[:-1], target, vocabulary, limits, begun.notes)
    return begun


def start_id(model: PreTrainedModel, vocabulary: Vocabulary) -> int:
    """The token that starts every text of the decoder.

    Raises MissingError where neither configuration nor tokenizer names one.
    """
    named = [
        getattr(settings, name, None)
        for name in ("decoder_start_token_id", "bos_token_id")
        for settings in (model.generation_config, model.config, vocabulary.tokenizer)
    ]
    found = next((one for one in named if isinstance(one, int)), None)
    if found is None:
        raise MissingError(
            "the decoder's start token", because="the model's configuration names none",
            fix="set model.config.decoder_start_token_id, or give target as token ids",
        )  # fmt: skip
    return found


def _forced(model: PreTrainedModel) -> tuple[int, ...]:
    forced = getattr(model.generation_config, "forced_bos_token_id", None)
    return (forced,) if isinstance(forced, int) else ()


def _begins_itself(target: str, model: PreTrainedModel, vocabulary: Vocabulary) -> bool:
    """Whether a text for a model that hears has its start token written out: then it is whole."""
    start = vocabulary.piece(start_id(model, vocabulary)).text
    return reads_sound(model) and bool(start) and target.startswith(start)


def _labels(text: str, vocabulary: Vocabulary, special: bool) -> list[int]:
    tokenizer: Any = vocabulary.tokenizer
    found = tokenizer(text_target=unbroken(text), add_special_tokens=special)["input_ids"]
    return [int(token_id) for token_id in found]


def _shifted(labels: list[int], model: PreTrainedModel, vocabulary: Vocabulary) -> tuple[int, ...]:
    """The labels behind a start token, as the family's own code puts it there where it has any."""
    start = start_id(model, vocabulary)
    if reads_sound(model) and labels[:1] == [start]:  # their tokenizers put it there themselves
        return tuple(labels)
    shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    fed = [start, *labels[:-1]]
    if shift is not None and getattr(model.config, "decoder_start_token_id", None) is not None:
        fed = [int(token_id) for token_id in shift(torch.tensor([labels]))[0]]
    # Some put the last label, a language, first: then it is there already.
    wrapped = fed[:1] == labels[-1:] and labels[-1] not in end_ids(model, vocabulary)
    return tuple(fed if wrapped else [*fed, *labels[-1:]])


def _prompt(
    ids: Sequence[int], given: Any, vocabulary: Vocabulary, limits: Limits,
    notes: tuple[str, ...] = (),
) -> Prompt:  # fmt: skip
    checked = read_prompt(list(ids), vocabulary, limits).ids
    return Prompt(checked, ("",) * len(checked), given, notes)
