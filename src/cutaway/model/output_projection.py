"""What each head writes: the output projection found by what enters it, and the norms behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from ..trace.attention import AttentionCall
from ..trace.source import Floats
from .equality import close
from .forward import device_of
from .hooks import ModuleCall
from .kernel_calls import KernelCall

__all__ = ["find_projection", "written_norms"]

#: How many of the text's tokens linearity is proven on: it is run once per head.
_TOKENS = 4


def find_projection(
    model: nn.Module, call: KernelCall, seen: Sequence[ModuleCall], bound: float
) -> str | None:
    """The path of the module that takes the heads' outputs side by side and adds up its heads.

    seen  the calls of the block's modules on the same text. None where no module takes just
          these numbers (a gate or a norm lies between), or it is not linear.
    """
    merged = call.output.reshape(1, call.output.shape[1], -1)
    for other in seen:
        entered = next(iter(other.inputs.values()), None)
        if entered is None or entered.numel() != merged.numel() or len(other.outputs) != 1:
            continue
        if torch.equal(entered.reshape(merged.shape).to(merged.dtype), merged):
            module, output = model.get_submodule(other.path), next(iter(other.outputs.values()))
            if _is_linear(module, entered, output, call.query.shape[1], bound):
                return other.path
    return None


def written_norms(model: nn.Module, path: str, record: AttentionCall, dtype: torch.dtype) -> Floats:
    """(H, S) the L2 norm of each token's value through each head's part of the projection.

    dtype  the precision that the projection takes. Of long texts |v W| is had from W W^T,
           (dv, dv), so that no (S, width) array is made for any head.
    """
    H, (S, dv) = record.n_heads, record.value.shape[1:]
    norms = np.empty((H, S), dtype=np.float32)
    parts = _parts(model.get_submodule(path), H, dv, dtype)
    for head, rows in enumerate(parts):
        # In torch, not numpy: two pools of threads would wait for each other's.
        value = torch.from_numpy(record.value[record.group(head)]).double()
        if dv < S:
            squares = ((value @ (rows @ rows.T)) * value).sum(dim=-1)
        else:
            squares = ((value @ rows) ** 2).sum(dim=-1)
        norms[head] = squares.clamp_min(0).sqrt().numpy()
    return norms


def _parts(module: nn.Module, H: int, dv: int, dtype: torch.dtype) -> Iterator[Tensor]:
    """(dv, width) float64 of each head: what the projection makes of each entry, alone and 1.

    Plain products have it in their weight; others (quantised, adapted, hooked) are asked.
    """
    weight = _weight(module, dtype)
    alone = torch.zeros(1, dv + 1, H * dv, dtype=dtype)  # the last row is nothing
    for head in range(H):
        own = slice(head * dv, (head + 1) * dv)
        if weight is not None:
            yield weight[own].cpu().double()
            continue
        alone.zero_()
        alone[0, :dv, own] = torch.eye(dv, dtype=dtype)
        rows = cast("Tensor", module(alone.to(device_of(module))))[0]
        yield (rows[:dv] - rows[dv:]).cpu().double()


def _weight(module: nn.Module, dtype: torch.dtype) -> Tensor | None:
    """(H x dv, width) the matrix of a plain product that nothing hooks into, else None."""
    hooked = module._forward_hooks or module._forward_pre_hooks or hasattr(module, "_hf_hook")
    if hooked or type(module) not in (nn.Linear, Conv1D):
        return None
    weight = cast("Tensor", module.weight)
    if type(weight.data) is not Tensor or weight.dtype != dtype:  # quantised in a way of its own
        return None
    return weight.T if isinstance(module, nn.Linear) else weight


def _is_linear(module: nn.Module, entered: Tensor, output: Tensor, H: int, bound: float) -> bool:
    """Whether the module gave its input times a matrix, plus what it gives for nothing."""
    rows = entered.reshape(-1, entered.shape[-1])[:_TOKENS]  # (t, H x dv)
    given = output.reshape(-1, output.shape[-1])[:_TOKENS]
    weight = _weight(module, rows.dtype)
    if weight is None:
        return _adds_up(module, rows, given, H, bound)
    bias = cast("Tensor | None", module.bias)
    product = rows @ weight if bias is None else rows @ weight + bias
    return product.shape == given.shape and close(product, given, bound)


def _adds_up(module: nn.Module, rows: Tensor, given: Tensor, H: int, bound: float) -> bool:
    """Whether the module's output is its answer to nothing, plus what each head alone adds.

    Heads have entries of their own, so that a function of single entries would add up too: it
    fails on a mixture of tokens.
    """
    each = rows.shape[1] // H
    alone = rows.new_zeros(H + 2, *rows.shape)
    for head in range(H):
        mine = slice(head * each, (head + 1) * each)
        alone[head, :, mine] = rows[:, mine]
    alone[H] = rows - 0.5 * rows.roll(1, dims=0)
    try:
        answers = module(alone)
    except Exception:  # whatever else takes these numbers may want more arguments
        return False
    if not isinstance(answers, Tensor) or answers.shape != (*alone.shape[:2], given.shape[1]):
        return False
    nothing = answers[H + 1]
    added = (answers[:H] - nothing).sum(dim=0)
    mixed = added - 0.5 * added.roll(1, dims=0) + nothing
    return close(added + nothing, given, bound) and close(mixed, answers[H], bound)
