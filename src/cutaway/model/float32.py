"""A model in half precision once more in float32, by the same weights, to check its rounding by.

A shared copy of the model has `Widened` tensors in the place of its half-precision parameters:
one matrix at a time is there twice, in float32, while it is used. The model itself is not touched.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import PreTrainedModel

from ..core.errors import InvalidError, MissingError
from .block_calls import is_quantised
from .shared_copy import shared_copy
from .widened import Widened

__all__ = ["HALF", "in_float32"]

#: The precisions whose numbers float32 holds exactly.
HALF = (torch.bfloat16, torch.float16)
_WHAT = "the float32 check"


def in_float32(model: PreTrainedModel) -> PreTrainedModel:
    """The modules of a model once more, with its half-precision weights read as float32.

    >>> in_float32(model).dtype, model.dtype  # doctest: +SKIP
    (torch.float32, torch.bfloat16)

    Its numbers are those of `copy.deepcopy(model).float()`. Buffers, which are small, are copied.
    Raises InvalidError for a model without half-precision weights, MissingError for one whose
    weights are packed or off-loaded.
    """
    _check(model)
    wide: dict[int, Any] = {id(p): Widened(p) for p in model.parameters() if p.dtype in HALF}
    wide |= {id(buffer): buffer.float() for buffer in model.buffers() if buffer.dtype in HALF}
    twin = shared_copy(model, instead=wide)
    assert isinstance(twin, PreTrainedModel)
    return twin


def _check(model: PreTrainedModel) -> None:
    tensors = [*model.parameters(), *model.buffers()]
    if any(tensor.is_meta for tensor in tensors):
        raise MissingError(
            _WHAT, because="weights are off-loaded, and there only while they are used",
            fix="load the model without device_map",
        )  # fmt: skip
    if is_quantised(model):
        raise MissingError(
            _WHAT, because="quantised weights have no float32 form",
            fix="load the model that was quantised, in half precision",
        )  # fmt: skip
    if not any(tensor.dtype in HALF for tensor in tensors):
        dtype = str(model.dtype).removeprefix("torch.")
        raise InvalidError(
            "checked", True, allowed=f"False: this model is in {dtype}, so there is nothing to "
            "check", fix="leave it out",
        )  # fmt: skip
