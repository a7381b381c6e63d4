"""The sound that models hear in the checks, and a plain extractor that makes features of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import SequenceFeatureExtractor

from cutaway.model.objective import reads_sound, reads_source

__all__ = ["Columns", "extractor_of", "features", "is_heard"]

RATE, HOP = 16_000, 160
#: Families whose columns lie along the last axis; those that fill every sound up to so many.
_TURNED = ("whisper",)
_FIXED = {"whisper": 128}
_SOUND = (0.1 * np.random.default_rng(7).standard_normal(18_000)).astype(np.float32)


class Columns(SequenceFeatureExtractor):
    """Every 160 samples as a column of their first `bins`; 0 bins: the samples themselves.

    turned  whether columns lie along the last axis
    fixed   how many columns every sound is filled up to, None: as many as it has
    """

    def __init__(self, name: str, bins: int, *, turned: bool = False, fixed: int | None = None):
        super().__init__(feature_size=bins or 1, sampling_rate=RATE, padding_value=0.0)
        self.name, self.bins, self.turned, self.fixed = name, bins, turned, fixed

    def __call__(
        self, raw: np.ndarray, *, sampling_rate: int, return_tensors: str, padding: bool = True
    ) -> dict[str, np.ndarray]:
        assert (sampling_rate, return_tensors) == (RATE, "np")
        if not self.bins:
            return {self.name: raw[None]}
        count = len(raw) // HOP
        rows = 4 * raw[: count * HOP].reshape(count, HOP)[:, : self.bins]
        if padding and self.fixed is not None:
            rows = np.pad(rows, ((0, max(0, self.fixed - count)), (0, 0)))
        return {self.name: (rows.T if self.turned else rows)[None]}


def is_heard(model: Any) -> bool:
    return reads_source(model) and reads_sound(model)


def extractor_of(model: Any) -> Columns:
    """A feature extractor that fits a tiny model."""
    kind, name = model.config.model_type, model.get_encoder().main_input_name
    if name == "input_values":
        return Columns(name, 0)
    config = getattr(model.config, "encoder_config", None) or model.config
    sizes = ("feature_projection_input_dim", "input_feat_per_channel", "num_mel_bins")
    bins = next(size for s in sizes if isinstance(size := getattr(config, s, None), int))
    return Columns(name, bins, turned=kind in _TURNED, fixed=_FIXED.get(kind))


def features(model: Any) -> Tensor:
    """The sound of the checks as the model takes it, in its precision."""
    extractor = extractor_of(model)
    found = extractor(_SOUND, sampling_rate=RATE, return_tensors="np")[extractor.name]
    return torch.from_numpy(np.ascontiguousarray(found)).to(model.dtype)
