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
from .kernel_calls import KernelCall

__all__ = [
    "TOLERANCE", "additive_mask", "attention_weights", "is_causal", "kernel_tolerance",
    "scaled_to_output", "weights_of_heads",
]  # fmt: skip

_WHAT = "the attention weights"
#: The largest difference between the two outputs, relative to the largest entry of the value.
TOLERANCE = 1e-4


def attention_weights(call: KernelCall) -> Tensor:
    """(H, T, T) the weights of one attention call, every head.

    Raises MissingError where the eager function's output is not the kernel's.
    """
    output, weights = call.eager(
        call.module, call.query, call.key, call.value, additive_mask(call), **call.options
    )
    return _checked(call, output, weights, slice(None))


def weights_of_heads(call: KernelCall, heads: Sequence[int]) -> Tensor:
    """(len(heads), T, T) the weights of some heads; only their key-value groups are computed.

    A call with options of one entry per head (sinks, position biases) is computed whole, and one
    whose module has such entries of its own. Raises MissingError as `attention_weights` does.
    """
    H, K = call.query.shape[1], call.key.shape[1]
    each = H // K
    if any(isinstance(value, Tensor) and H in value.shape for value in call.options.values()):
        return attention_weights(call)[list(heads)]
    rows = {}
    try:
        for group in sorted({head // each for head in heads}):
            found = _weigh_group(call, group)
            rows.update({group * each + i: found[i] for i in range(each)})
    except (MissingError, RuntimeError):
        return attention_weights(call)[list(heads)]
    return torch.stack([rows[head] for head in heads])


def _weigh_group(call: KernelCall, group: int) -> Tensor:
    """(H // K, T, T) the weights of the heads of one key-value group."""
    H, K = call.query.shape[1], call.key.shape[1]
    own = slice(group * H // K, (group + 1) * H // K)
    mask = additive_mask(call)
    if mask is not None and mask.shape[1] == H:
        mask = mask[:, own]
    output, weights = call.eager(
        call.module, call.query[:, own], call.key[:, group : group + 1],
        call.value[:, group : group + 1], mask, **call.options,
    )  # fmt: skip
    return _checked(call, output, weights, own)


def scaled_to_output(call: KernelCall, weights: Tensor, heads: slice) -> Tensor:
    """(n, T, T) the weights with which the values give what the kernel gave to these heads.

    Some eager functions answer rows that sum to 1 and shrink the output afterwards, by the share
    that went to a sink: that share is taken off the rows.

    Raises MissingError where no share does.
    """
    each = call.query.shape[1] // call.key.shape[1]
    values = call.value[0].repeat_interleave(each, 0)[heads]
    given = call.output[0].transpose(0, 1)[heads]
    bound = kernel_tolerance(values.dtype) * values.abs().max()
    plain = weights @ values.to(weights.dtype)
    if plain.shape == given.shape:
        if (plain - given).abs().max() <= bound:
            return weights
        tiny = torch.finfo(plain.dtype).tiny
        share = (plain * given).sum(-1, keepdim=True) / plain.square().sum(-1, keepdim=True).clamp(
            min=tiny
        )
        if (share * plain - given).abs().max() <= bound and share.min() >= 0 and share.max() <= 1:
            return share * weights
    raise MissingError(_WHAT, because="with the values they do not give what the kernel gave")


def additive_mask(call: KernelCall) -> Tensor | None:
    """The mask as eager attention wants it: numbers added to the scores, or None."""
    mask, dtype = call.mask, call.query.dtype
    lowest = torch.finfo(dtype).min
    if mask is None:
        if not is_causal(call) or call.query.shape[2] == 1:
            return None
        T, S = call.query.shape[2], call.key.shape[2]
        blocked = torch.ones(T, S, dtype=torch.bool, device=call.query.device).triu(1 + S - T)
        return torch.zeros(1, 1, T, S, dtype=dtype, device=call.query.device).masked_fill_(
            blocked, lowest
        )
    if mask.dtype == torch.bool:
        return torch.zeros_like(mask, dtype=dtype).masked_fill_(~mask, lowest)
    return mask


def _checked(call: KernelCall, output: Tensor, weights: Tensor | None, heads: slice) -> Tensor:
    """(n, T, T) the weights of some heads, whose output is what the kernel gave them."""
    scale = call.value.abs().max().clamp_min(torch.finfo(call.value.dtype).tiny)
    gap = float((output - call.output[:, :, heads]).abs().max() / scale)
    if weights is None or not gap <= kernel_tolerance(call.value.dtype):
        raise MissingError(
            _WHAT,
            because=f"the model's eager attention differs from the kernel in use by {gap:.1e}",
        )
    return scaled_to_output(call, weights[0], heads)


def is_causal(call: KernelCall) -> bool:
    """Whether a kernel without a mask looks only back: as transformers' kernels decide it."""
    asked = call.options.get("is_causal")
    causal = getattr(call.module, "is_causal", True) if asked is None else asked
    return bool(causal)


def kernel_tolerance(dtype: torch.dtype) -> float:
    """Half precision kernels round differently: what one rounding of the output allows."""
    return max(TOLERANCE, 4 * torch.finfo(dtype).eps)
