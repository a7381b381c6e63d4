"""What a model says at a position: the token after it, or the one that stands there."""

from __future__ import annotations

import inspect
from typing import Any

from transformers import PreTrainedModel
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
)

from ..core.errors import MissingError
from .classification import task_of
from .feature_extraction import FEATURES

__all__ = ["causal_only", "objective_of", "reads_sound", "reads_source"]


def reads_source(model: PreTrainedModel) -> bool:
    """Whether it is an encoder-decoder: its decoder reads a text of its own beside the source."""
    return "decoder_input_ids" in inspect.signature(model.forward).parameters


def reads_sound(model: PreTrainedModel) -> bool:
    """Whether the source of an encoder-decoder is a sound."""
    return getattr(model.get_encoder(), "main_input_name", "") in FEATURES


def objective_of(model: PreTrainedModel) -> str:
    """ "masked" for an encoder, whose language head fills masks, else "causal".

    As transformers sorts its classes; one that it counts as both (XLM's) is what its
    configuration says. An encoder's bare body is sorted as the encoder is; an encoder-decoder's
    decoder goes on.
    """
    config = model.config
    if reads_source(model):
        return "causal"
    filling: Any = MODEL_FOR_MASKED_LM_MAPPING.get(type(config), None)
    going_on: Any = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None)
    if filling is None or getattr(config, "is_decoder", False):
        return "causal"
    if going_on is None or not isinstance(model, going_on):
        return "masked"
    fills = isinstance(model, filling) and not getattr(config, "causal", False)
    return "masked" if fills else "causal"


def causal_only(what: str, model: PreTrainedModel) -> None:
    """MissingError where an encoder or a classifier is asked to go on with a text."""
    if task_of(model):
        raise MissingError(
            what, because=f"{type(model).__name__} is a classifier, which goes on with no text",
            fix="trace a text and ask ct.classes(trace)",
        )  # fmt: skip
    if objective_of(model) == "masked":
        raise MissingError(
            what, because=f"{type(model).__name__} is an encoder, which goes on with no text",
            fix="trace a text, with the tokenizer's mask where a token is to be said",
        )  # fmt: skip
