"""Attention weights observed in use: what values are multiplied by, in whatever code does it.

A softmax over the keys is not enough, for a module may go on to change it: taken are the numbers
that a matrix product, or torch's own attention, puts in front of the values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from .eager_weights import kernel_tolerance

__all__ = ["ObservedWeights", "WeightObserver"]

_PRODUCTS = frozenset(
    {torch.matmul, torch.bmm, Tensor.matmul, Tensor.__matmul__, Tensor.bmm, torch.einsum}
)
_SOFTMAX = frozenset({torch.softmax, Tensor.softmax, functional.softmax})
#: How far a row of weights may be from 1.
_WHOLE = 1e-3


@dataclass(frozen=True)
class ObservedWeights:
    """One product of weights with values.

    weights   (H, T, S) rows sum to 1; S is T but in attention to another text
    n_groups  K, how many different values its heads read
    """

    weights: Tensor
    n_groups: int


class WeightObserver(TorchFunctionMode):
    """Keeps every product of weights with values over T positions, made by this thread.

    >>> with WeightObserver(n_positions=9) as seen:  # doctest: +SKIP
    ...     block(*args, **kwargs)
    >>> seen.found[0].weights.shape  # doctest: +SKIP
    torch.Size([4, 9, 9])

    found    the products, in their order
    hinted   how often positions were weighed against each other, by a softmax or torch's attention
    looking  whether what is done now is looked at
    """

    def __init__(self, n_positions: int, n_keys: int | None = None) -> None:
        """n_keys  how many positions are weighed by each; None: as many."""
        super().__init__()
        self.found: list[ObservedWeights] = []
        self.hinted = 0
        self.looking = True
        self._shape = (n_positions, n_positions if n_keys is None else n_keys)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self.looking:
            return result
        if func in _PRODUCTS:
            first, second = [*_tensors(args), None, None][:2]
            if first is not None and second is not None:
                self._look(first, second)
        elif func is functional.scaled_dot_product_attention:
            self.hinted += 1
            self._look_fused(result, *args, **(kwargs or {}))
        elif func in _SOFTMAX and result.dim() > 2 and tuple(result.shape[-2:]) == self._shape:
            self.hinted += 1
        return result

    def _look(self, weights: Tensor, values: Tensor) -> None:
        """Keep the first operand of a product if it is weights."""
        if weights.dim() < 3 or tuple(weights.shape[-2:]) != self._shape or not _whole(weights):
            return
        heads = weights.reshape(-1, *self._shape)
        self.found.append(ObservedWeights(heads.detach().clone(), _groups(values, heads.shape)))

    def _look_fused(
        self, output: Tensor, query: Tensor, key: Tensor, value: Tensor,
        attn_mask: Tensor | None = None, dropout_p: float = 0.0, is_causal: bool = False,
        scale: float | None = None, enable_gqa: bool = False,
    ) -> None:  # fmt: skip
        """Keep the weights of torch's own attention, where they give the output that it gave."""
        if dropout_p or (query.shape[-2], key.shape[-2]) != self._shape:
            return
        query, key, value = (_precise(side) for side in (query, key, value))
        if enable_gqa:
            each = query.shape[-3] // key.shape[-3]
            key, value = (side.repeat_interleave(each, -3) for side in (key, value))
        scores = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(self._shape, dtype=torch.bool, device=scores.device).tril()
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, float("-inf"))
        elif attn_mask is not None:
            scores = scores + attn_mask
        weights = scores.softmax(-1)
        gap = (weights @ value - output).abs().max()
        if gap <= kernel_tolerance(output.dtype) * value.abs().max():
            self._look(weights, value)


def _tensors(values: tuple[Any, ...]) -> list[Tensor]:
    """The tensors among arguments; einsum may have them in a list."""
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, Tensor)]


def _precise(tensor: Tensor) -> Tensor:
    """In float32 at least, as kernels count within."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _whole(weights: Tensor) -> bool:
    """Whether these are shares: nowhere below 0, every row 1."""
    if not weights.is_floating_point() or bool((weights < 0).any()):
        return False
    bound = max(_WHOLE, 4 * torch.finfo(weights.dtype).eps)
    return bool(((weights.float().sum(-1) - 1).abs() <= bound).all())


def _groups(values: Tensor, shape: torch.Size) -> int:
    """How many key-value heads: neighbouring heads of one group read the same values."""
    H, S = shape[0], shape[-1]
    if values.dim() < 3 or values.shape[-2] != S:
        return H
    heads = values.reshape(-1, *values.shape[-2:])
    starts = [0, *(n for n in range(1, len(heads)) if not torch.equal(heads[n], heads[n - 1]))]
    even = {b - a for a, b in zip(starts, [*starts[1:], len(heads)], strict=True)}
    return len(starts) if len(even) == 1 and H % len(starts) == 0 else H
