"""Opens a model: by hub id, from a folder or a GGUF file, or one that is already in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
    SequenceFeatureExtractor,
)
from transformers.utils import logging

from ..core.errors import InvalidError, MissingError
from .auto_class import auto_class
from .classification import task_of
from .classifier import Classifier
from .default_model import EMBEDDED, PACKAGE
from .devices import check_device_map, read_device, read_dtype
from .failures import explained_loading
from .lm import LM
from .missing_weights import check_complete, noting
from .model_files import find_model_files
from .model_lock import uncompiled
from .objective import reads_sound, reads_source
from .seq2seq import Seq2SeqLM
from .sound_lm import SoundLM

__all__ = ["load", "wrap"]


def load(
    name: str | Path | None = None,
    *,
    revision: str | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    device_map: str | Mapping[str, Any] | None = None,
    trust_remote_code: bool = False,
) -> LM:
    """A model by name; the user's documentation is at `cutaway.load`."""
    if device is not None and device_map is not None:
        raise InvalidError("device", device, allowed="device or device_map, not both")
    check_device_map(device_map)
    place, wanted = read_device(device), read_dtype(dtype)
    where, fix = find_model_files(name, revision)
    shown = EMBEDDED if name is None else str(name)
    options = {**where, "revision": revision or "main", "trust_remote_code": trust_remote_code}
    with explained_loading(shown, fix), _quiet(name is None):
        config = AutoConfig.from_pretrained(**options)
        auto = auto_class(config, shown, trust_remote_code)
        tokenizer = AutoTokenizer.from_pretrained(**options)
        loaded: Any = auto.from_pretrained(
            **options, dtype=wanted, device_map=device_map, output_loading_info=True
        )
        model, report = loaded
        hearing = reads_source(model) and reads_sound(model)
        extractor = AutoFeatureExtractor.from_pretrained(**options) if hearing else None
        lacking = check_complete(model, tokenizer, report, shown)
        if place is not None:
            model.to(place)
    commit = getattr(config, "_commit_hash", None) or ""
    lm = _opened(model, tokenizer, shown, PACKAGE if name is None else str(commit), extractor)
    lm.card = noting(lm.card, lacking)
    return lm


def wrap(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | ProcessorMixin,
    feature_extractor: Any = None,
) -> LM:
    """A model in memory; the user's documentation is at `cutaway.wrap`."""
    model = _inner(model)
    if not isinstance(model, PreTrainedModel):
        raise InvalidError(
            "model", type(model).__name__, allowed="a transformers PreTrainedModel",
            fix="to load one by its name, call cutaway.load(name)",
        )  # fmt: skip
    if isinstance(tokenizer, ProcessorMixin) and reads_source(model) and reads_sound(model):
        processor: Any = tokenizer
        feature_extractor = feature_extractor or getattr(processor, "feature_extractor", None)
        tokenizer = getattr(processor, "tokenizer", processor)
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise InvalidError(
            "tokenizer", type(tokenizer).__name__, allowed="a transformers tokenizer",
            fix="take AutoTokenizer.from_pretrained(name), or a processor's .tokenizer",
        )  # fmt: skip
    name = model.name_or_path or type(model).__name__
    _check_weights(model)
    revision = getattr(model.config, "_commit_hash", "") or ""
    return _opened(model, tokenizer, name, revision, feature_extractor)


def _opened(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    name: str,
    revision: str,
    extractor: Any = None,
) -> LM:
    kind = Classifier if task_of(model) else LM
    if reads_source(model):
        if kind is Classifier:
            raise InvalidError(
                "model", name, allowed="a classifier of one stack of blocks; this one reads its "
                "text with an encoder and again with a decoder",
            )  # fmt: skip
        if reads_sound(model):
            return SoundLM(
                model, tokenizer, feature_extractor=_checked(extractor, model), name=name,
                revision=revision,
            )  # fmt: skip
        kind = Seq2SeqLM
    if extractor is not None:
        raise InvalidError(
            "feature_extractor", type(extractor).__name__, allowed="None: this model reads texts"
        )
    return kind(model, tokenizer, name=name, revision=revision)


def _checked(extractor: Any, model: PreTrainedModel) -> Any:
    """The feature extractor of a model that hears. Raises MissingError where there is none."""
    if not isinstance(extractor, SequenceFeatureExtractor):
        raise MissingError(
            "the feature extractor", because=f"{type(model).__name__} hears sounds",
            fix="give feature_extractor=AutoFeatureExtractor.from_pretrained(name), or the model's "
            "processor as the tokenizer",
        )  # fmt: skip
    return extractor


def _check_weights(model: PreTrainedModel) -> None:
    """Weights must be somewhere: in memory, or off-loaded by accelerate, which brings them."""
    on_meta = any(parameter.is_meta for parameter in model.parameters())
    if on_meta and not hasattr(model, "hf_device_map"):
        raise InvalidError(
            "model", type(model).__name__, allowed="a model with weights; this one's are on the "
            "meta device", fix="load it with from_pretrained",
        )  # fmt: skip


def _inner(model: Any) -> Any:
    """A compiled or PEFT model's transformers model, whose layers hold the adapters."""
    model = uncompiled(model) if isinstance(model, nn.Module) else model
    if not type(model).__module__.startswith("peft."):
        return model
    from peft import PeftModel

    if isinstance(model, PeftModel) and model.active_peft_config.is_prompt_learning:
        raise InvalidError(
            "model", type(model).__name__, allowed="adapters inside the layers; a learned prompt "
            "has no tokens to show",
        )  # fmt: skip
    return uncompiled(model.get_base_model())


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Without transformers' progress bars, which flicker by on a model that loads in a second."""
    shown = logging.is_progress_bar_enabled()
    if quiet:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if quiet and shown:
            logging.enable_progress_bar()
