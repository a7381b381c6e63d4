"""One caught attention call as numbers: everything that shapes its weights, and the proof of it.

Options have the names that transformers' attention interface gives them. Whether a family's eager
function heeds them is not taken on trust: the numbers must give its weights again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import MissingError
from ..trace.attention import AttentionCall
from ..trace.source import Floats
from .eager_weights import attention_weights, is_causal, kernel_tolerance
from .kernel_calls import KernelCall
from .record import numbers

__all__ = ["MaskCache", "attention_call_of", "checked_record"]

_WHAT = "the queries and keys"


@dataclass(frozen=True)
class _Mask:
    """A mask told apart: what is causal, what a sliding window, what neither, what adds."""

    causal: bool
    window: int | None = None
    hidden: NDArray[np.bool_] | None = None
    bias: Floats | None = None


class MaskCache:
    """The masks of one pass: most layers share one, which is read once."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[Tensor, _Mask]] = {}

    def read(self, call: KernelCall) -> _Mask:
        """The mask of a call; the same arrays for the same tensor."""
        if call.mask is None:
            _check_window(call)
            return _Mask(is_causal(call))
        known = self._read.get(id(call.mask))
        if known is None:  # the tensor is kept, so that its id is not given to another
            known = self._read[id(call.mask)] = call.mask, _told_apart(call)
        return known[1]


def attention_call_of(
    call: KernelCall, masks: MaskCache, n_keys: int | None = None
) -> AttentionCall:
    """The record of a call, float32 copies; without rotary embedding and written norms.

    n_keys  how many positions of another text are looked at; None: it is the text's own

    Raises MissingError where keys are not those of these positions, or a mask is none for each of
    them.
    """
    H, T, d = call.query.shape[1:]
    if call.key.shape[2] != (T if n_keys is None else n_keys) or H % call.key.shape[1]:
        raise MissingError(_WHAT, because=f"its {T} queries meet {call.key.shape[2]} keys")
    if call.mask is not None and call.mask.dim() != 4:
        raise MissingError(_WHAT, because=f"its mask has the shape {tuple(call.mask.shape)}")
    mask, options = masks.read(call), call.options
    scale, cap, sinks = (options.get(name) for name in ("scaling", "softcap", "s_aux"))
    return AttentionCall(
        query=numbers(call.query[0]),
        key=numbers(call.key[0]),
        value=numbers(call.value[0]),
        scale=float(d**-0.5 if scale is None else scale),
        causal=mask.causal,
        window=mask.window,
        hidden=mask.hidden,
        bias=_with(mask.bias, options.get("position_bias")),
        cap=None if cap is None else float(cap),
        sinks=None if sinks is None else numbers(sinks.reshape(-1)),
    )


def checked_record(call: KernelCall, record: AttentionCall) -> AttentionCall:
    """The record itself, which gives the eager function's weights and the kernel's output.

    Raises MissingError naming the gap where it does not.
    """
    expected = numbers(attention_weights(call))
    weights = record.weights(range(record.n_heads))
    if weights.shape != expected.shape:
        raise MissingError(_WHAT, because=f"the eager function's weights are {expected.shape}")
    values = record.value[[record.group(head) for head in range(record.n_heads)]]
    output = numbers(call.output[0].transpose(0, 1))  # (H, T, dv)
    largest = float(np.abs(values).max(initial=0)) or 1.0
    gap = max(
        float(np.abs(weights - expected).max(initial=0)),
        float(np.abs(weights @ values - output).max(initial=0)) / largest,
    )
    if not gap <= kernel_tolerance(call.value.dtype):
        raise MissingError(
            _WHAT, because=f"the weights they give differ from the eager function's by {gap:.1e}"
        )
    return record


def _told_apart(call: KernelCall) -> _Mask:
    """A bool mask (True: may look) or an additive one, which blocks by very low numbers."""
    assert call.mask is not None
    T, S = call.query.shape[2], call.key.shape[2]
    mask = call.mask[0, :, :, :S].expand(-1, T, S)
    if mask.dtype == torch.bool:
        blocked, bias = ~mask, None
    else:
        blocked = mask <= torch.finfo(mask.dtype).min / 2
        added = mask.masked_fill(blocked, 0)
        bias = numbers(_shared(added)) if bool(added.any()) else None
    blocked = _shared(blocked)
    ahead = torch.ones(T, S, dtype=torch.bool, device=mask.device).triu(1)
    causal = T == S and bool(blocked[:, ahead].all())
    if causal and torch.equal(blocked[0], ahead) and len(blocked) == 1:
        return _Mask(True, bias=bias)
    width = T - int(blocked[0, -1].sum())  # what the last query sees
    behind = torch.ones_like(ahead).tril(-width)
    if causal and len(blocked) == 1 and torch.equal(blocked[0], ahead | behind):
        return _Mask(True, width, bias=bias)
    hidden = blocked.cpu().numpy() if bool(blocked.any()) else None
    return _Mask(causal, hidden=hidden, bias=bias)


def _check_window(call: KernelCall) -> None:
    """Without a mask, a window that bites is the kernel's own doing, which is not proven."""
    window, T = call.options.get("sliding_window"), call.query.shape[2]
    if window is not None and window < T:
        raise MissingError(
            _WHAT, because=f"the kernel in use applies its window of {window} tokens itself",
            fix="load the model with attn_implementation='sdpa'",
        )  # fmt: skip


def _shared(mask: Tensor) -> Tensor:
    """(1, T, S) where all heads have the same mask, else (H, T, S)."""
    return mask[:1] if bool((mask == mask[:1]).all()) else mask


def _with(bias: Floats | None, position_bias: Tensor | None) -> Floats | None:
    """The mask's numbers and the option's, which both go onto the scores."""
    if position_bias is None:
        return bias
    more = numbers(position_bias[0])
    return more if bias is None else more + bias
