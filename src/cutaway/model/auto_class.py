"""Which of transformers' classes opens a model, told by its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForSpeechSeq2Seq,
    AutoModelForTokenClassification,
    PretrainedConfig,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING,
    MODEL_MAPPING,
)

from ..core.errors import InvalidError
from .classification import task_named

__all__ = ["auto_class"]

_CLASSIFYING: Mapping[str, Any] = {
    "sequence": AutoModelForSequenceClassification,
    "token": AutoModelForTokenClassification,
    "span": AutoModelForQuestionAnswering,
}


def auto_class(config: PretrainedConfig, name: str, trusted: bool) -> Any:
    """transformers' class for it: its language head, masked for an encoder, else causal; or what
    was saved, where that is its bare body or a head that classifies.

    Raises InvalidError where transformers has none of them, before weights are read.
    """
    body: Any = MODEL_MAPPING.get(type(config), ())
    bodies = body if isinstance(body, tuple) else (body,)  # Funnel has two
    if config.architectures in [[each.__name__] for each in bodies]:
        return AutoModel
    own = (getattr(config, "auto_map", None) or {}) if trusted else {}
    if (task := task_named(config, own)) in _CLASSIFYING:
        return _CLASSIFYING[task]
    if config.is_encoder_decoder and type(config) in MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING:
        return AutoModelForSpeechSeq2Seq
    writes = type(config) in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING
    if config.is_encoder_decoder and (writes or "AutoModelForSeq2SeqLM" in own):
        return AutoModelForSeq2SeqLM
    masked = type(config) in MODEL_FOR_MASKED_LM_MAPPING or "AutoModelForMaskedLM" in own
    if masked and not getattr(config, "is_decoder", False):
        return AutoModelForMaskedLM
    if type(config) in MODEL_FOR_CAUSAL_LM_MAPPING or "AutoModelForCausalLM" in own:
        return AutoModelForCausalLM
    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:  # of which the text side is read
        return AutoModelForImageTextToText
    raise InvalidError(
        "model", name,
        allowed="a causal, masked or encoder-decoder language model, and this is a "
        f"{config.model_type} model",
    )  # fmt: skip
