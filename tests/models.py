"""Tiny random models of any family and head, and a tiny real tokenizer: for the tests.

Every width is a different number (d 64, MLP 160, experts 48, vocabulary 200), so that nothing fits
by accident; norms, biases and scales are random, and soft-caps are small enough to bite.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import PretrainedConfig, PreTrainedTokenizerFast
from transformers.models.auto import modeling_auto as auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from tests.shapes import DECODER_OF, HINTS, SIZES, SMALLER

#: What a family is built as -> who builds it, and transformers' own list of its families.
_KINDS = MappingProxyType({
    "": (auto.AutoModelForCausalLM, auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    "masked": (auto.AutoModelForMaskedLM, auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES),
    "seq2seq": (auto.AutoModelForSeq2SeqLM, auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES),
    "speech": (auto.AutoModelForSpeechSeq2Seq, auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES),
    "sequence": (
        auto.AutoModelForSequenceClassification,
        auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    ),
    "token": (
        auto.AutoModelForTokenClassification, auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    ),
    "span": (auto.AutoModelForQuestionAnswering, auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES),
})  # fmt: skip


def kind_of(model_type: str) -> tuple[str, str]:
    """What a family is built as, and its name: "masked bert" is ("masked", "bert")."""
    kind, _, family = model_type.rpartition(" ")
    return kind, family


def families(kind: str) -> tuple[str, ...]:
    """The families that this transformers has of a kind: "masked bert", "masked roberta", ..."""
    return tuple(f"{kind} {name}".lstrip() for name in _KINDS[kind][1])


FAMILIES = families("")
#: Those with a head that fills masks: "masked bert" is BERT as an encoder.
MASKED = families("masked")
#: Of every kind, one list of transformers after the other.
EVERY = tuple(name for kind in _KINDS for name in families(kind))
VOCAB = 200
END = "<|end|>"
MASK = "<|mask|>"
_SENTENCES = (
    "The keys to the cabinet are on the table, and the key to the cabinets is lost.",
    "1, 1, 2, 3, 5, 8, 13, 21: every number is the sum of the two before it.",
    "The capital of France is Paris. The capital of Italy is Rome.",
)


def tiny(model_type: str, seed: int = 0, **overrides: Any) -> tuple[Any, PreTrainedTokenizerFast]:
    """A random model of a family with its tokenizer: float32, eval mode, on the CPU.

    >>> model, tokenizer = tiny("llama")
    >>> model.config.hidden_size, len(tokenizer) <= model.config.vocab_size
    (64, True)
    """
    masks = kind_of(model_type)[0] == "masked"
    return tiny_model(model_type, seed, **overrides), tiny_tokenizer(masks)


def tiny_model(model_type: str, seed: int = 0, **overrides: Any) -> Any:
    """The model alone; `overrides` are entries of its configuration."""
    config = tiny_config(model_type, **overrides)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _built(model_type, config).float().eval()
        _enliven(model, 0.15 * SMALLER.get(kind_of(model_type)[1], 1.0))
    return model


def tiny_config(model_type: str, **overrides: Any) -> PretrainedConfig:
    """A family's default configuration, shrunk; `overrides` win, sub-configurations as dicts."""
    head, family = kind_of(model_type)
    kind = CONFIG_MAPPING[family]
    hints = HINTS.get(family, {}) | HINTS.get(head, {}) | HINTS.get(model_type, {})
    if head and "is_decoder" in hints:
        hints |= {"is_decoder": False}
    config = kind(**_merged(_merged(_shrunk(kind), hints), overrides))
    # The causal class of some compound families takes the configuration of their decoder alone.
    part = DECODER_OF.get(model_type)
    return config if part is None else getattr(config, part)


@lru_cache(maxsize=24)
def shared(model_type: str) -> tuple[Any, Any]:
    """A tiny model and its proven parts, made once for all tests that leave it as it is."""
    from cutaway.model.discover import discover

    model = tiny_model(model_type)
    return model, discover(model, range(3, 15))


@lru_cache(maxsize=24)
def shared_lm(model_type: str) -> Any:
    """A tiny model, wrapped once for all tests that leave it as it is."""
    import cutaway

    return cutaway.wrap(*tiny(model_type))


def _built(model_type: str, config: PretrainedConfig) -> Any:
    builder, names = _KINDS[kind_of(model_type)[0]]
    if model_type in DECODER_OF:
        return getattr(transformers, names[model_type])._from_config(config)
    return builder.from_config(config)


@lru_cache(maxsize=2)
def tiny_tokenizer(masks: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of at most 200 entries, trained here, with an end token.

    masks  whether it has a mask token, too

    Its alphabet is the bytes of its three sentences and those of an emoji, which it must cut.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    letters = {letter for text in (*_SENTENCES, _REST) for letter in _byte_letters(text)}
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=[END, *[MASK] * masks], initial_alphabet=sorted(letters),
        show_progress=False, min_frequency=1,
    )  # fmt: skip
    tokenizer.train_from_iterator(_SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, mask_token=MASK if masks else None,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


_REST = "".join(map(chr, range(32, 127))) + "\n\t😀"


def _byte_letters(text: str) -> set[str]:
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return {letter for piece, _ in pieces for letter in piece}


def _shrunk(config_class: type[PretrainedConfig]) -> dict[str, Any]:
    """The entries of a configuration that have a small value in SIZES, sub-configurations too."""
    defaults = vars(config_class())
    small: dict[str, Any] = {name: SIZES[name] for name in SIZES if name in defaults}
    for name in config_class.sub_configs:
        default = defaults.get(name)
        if isinstance(default, PretrainedConfig):
            small[name] = _shrunk(type(default)) | {"model_type": default.model_type}
    return small


def _merged(values: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, value in extra.items():
        old = merged.get(name)
        merged[name] = (
            _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged


@torch.no_grad()
def _enliven(model: nn.Module, size: float) -> None:
    """Random norms and biases, and weights (of this size) large enough that every part matters."""
    for parameter in model.parameters():
        if not parameter.is_floating_point():
            continue
        if parameter.dim() < 2:
            parameter.add_(0.3 * torch.randn_like(parameter))
        elif parameter.std() < 0.15:
            parameter.normal_(0.0, size)
