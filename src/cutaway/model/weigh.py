"""Attention weights from a caught call, by the model's own eager function, checked on its output.

The kernel in use answers no weights. The module's own eager function, given the same query, key,
value, mask and options, answers both: weights, and an output that must equal the kernel's. So the
check needs no second model and is made at every layer that is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..core.errors import MissingError
from .dispatch import Call

__all__ = ["TOLERANCE", "additive_mask", "weigh", "weigh_heads"]

#: The largest difference between the two outputs, relative to the largest entry of the value.
TOLERANCE = 1e-4


def weigh(call: Call) -> Tensor:
    """(H, T, T) the weights of one attention call, every head.

    Raises MissingError where the eager function's output is not the kernel's.
    """
    output, weights = _eager(call, call.query, call.key, call.value)
    scale = call.value.abs().max().clamp_min(torch.finfo(call.value.dtype).tiny)
    gap = float((output - call.output).abs().max() / scale)
    if weights is None or gap > _tolerance(call.value.dtype):
        raise MissingError(
            "the attention weights",
            because=f"the model's eager attention differs from the kernel in use by {gap:.1e}",
        )
    return weights[0]


def weigh_heads(call: Call, heads: Sequence[int]) -> Tensor:
    """(len(heads), T, T) the weights of some heads; only their key-value groups are computed.

    A call with options of one entry per head (sinks, position biases) is computed whole.
    """
    H, K = call.query.shape[1], call.key.shape[1]
    each = H // K
    if any(isinstance(value, Tensor) and H in value.shape for value in call.options.values()):
        return weigh(call)[list(heads)]
    rows = {}
    for group in sorted({head // each for head in heads}):
        queries = call.query[:, group * each : (group + 1) * each]
        mask = additive_mask(call)
        if mask is not None and mask.shape[1] == H:
            mask = mask[:, group * each : (group + 1) * each]
        _, weights = call.eager(
            call.module, queries, call.key[:, group : group + 1],
            call.value[:, group : group + 1], mask, **call.options,
        )  # fmt: skip
        assert weights is not None
        rows.update({group * each + i: weights[0, i] for i in range(each)})
    return torch.stack([rows[head] for head in heads])


def additive_mask(call: Call) -> Tensor | None:
    """The mask as eager attention wants it: numbers added to the scores, or None."""
    mask, dtype = call.mask, call.query.dtype
    lowest = torch.finfo(dtype).min
    if mask is None:
        if not _causal(call):
            return None
        T, S = call.query.shape[2], call.key.shape[2]
        blocked = torch.ones(T, S, dtype=torch.bool, device=call.query.device).triu(1 + S - T)
        return torch.zeros(1, 1, T, S, dtype=dtype, device=call.query.device).masked_fill_(
            blocked, lowest
        )
    if mask.dtype == torch.bool:
        return torch.zeros_like(mask, dtype=dtype).masked_fill_(~mask, lowest)
    return mask


def _eager(call: Call, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor | None]:
    return call.eager(call.module, query, key, value, additive_mask(call), **call.options)


def _causal(call: Call) -> bool:
    """Whether a kernel without a mask looks only back: as transformers' kernels decide it."""
    asked = call.options.get("is_causal")
    causal = getattr(call.module, "is_causal", True) if asked is None else asked
    return bool(causal) and call.query.shape[2] > 1


def _tolerance(dtype: torch.dtype) -> float:
    """Half precision kernels round differently: what one rounding of the output allows."""
    return max(TOLERANCE, 4 * torch.finfo(dtype).eps)
