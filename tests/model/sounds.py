"""Tiny models that hear, and what transformers itself says of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers import (
    Speech2TextConfig,
    Speech2TextFeatureExtractor,
    Speech2TextForConditionalGeneration,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

import cutaway as ct
from tests.models import tiny_tokenizer

RATE = 16_000
TARGET = "are on the table"
_SIZES = {
    "d_model": 64, "encoder_layers": 3, "decoder_layers": 4, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 160, "decoder_ffn_dim": 160,
    "vocab_size": 200, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1,
    "decoder_start_token_id": 2, "max_target_positions": 40,
}  # fmt: skip


def samples(seconds: float, seed: int = 0) -> np.ndarray:
    """(n,) a tone that glides upward, and some noise."""
    at = np.arange(round(RATE * seconds)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(at))
    return (0.3 * np.sin(2 * np.pi * (200 + 300 * at) * at) + 0.05 * noise).astype(np.float32)


def model_of(family: str) -> tuple[Any, Any]:
    """A random model and its feature extractor; Whisper hears 2 seconds, 100 frames."""
    torch.manual_seed(0)
    if family == "whisper":
        config = WhisperConfig(
            **_SIZES, num_mel_bins=20, max_source_positions=100, suppress_tokens=None,
            begin_suppress_tokens=None,
        )  # fmt: skip
        return WhisperForConditionalGeneration(config), WhisperFeatureExtractor(
            feature_size=20, chunk_length=2
        )
    config = Speech2TextConfig(**_SIZES, input_feat_per_channel=20, conv_channels=48)
    return Speech2TextForConditionalGeneration(config), Speech2TextFeatureExtractor(
        feature_size=20, num_mel_bins=20
    )


def enlivened(model: Any) -> Any:
    """Weights so large that every part matters."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed_positions" in name:
                continue
            scale = 0.15 if parameter.dim() > 1 else 0.3
            parameter.add_(scale * torch.randn_like(parameter))
    return model.eval()


@lru_cache(maxsize=2)
def opened(family: str) -> Any:
    model, extractor = model_of(family)
    return ct.wrap(enlivened(model), tiny_tokenizer(), feature_extractor=extractor)


def features(lm: Any, sound: np.ndarray) -> torch.Tensor:
    """What transformers' own extractor makes of it."""
    made = lm.feature_extractor(sound, sampling_rate=RATE, return_tensors="pt")
    return made["input_features"]


def whole(lm: Any, sound: np.ndarray, trace: Any, **options: Any) -> Any:
    """One pass of transformers' own."""
    with torch.no_grad():
        return lm.model(
            input_features=features(lm, sound), decoder_input_ids=torch.tensor([trace.token_ids]),
            use_cache=False, **options,
        )  # fmt: skip
