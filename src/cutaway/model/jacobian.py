"""The gradients of several numbers with respect to one leaf, from one graph."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["gradients"]


def gradients(values: Tensor, leaf: Tensor, *, batched: bool = True) -> tuple[Tensor, bool]:
    """(n,) values of one graph -> (n, *leaf.shape) gradients, and whether they went as one batch.

    One batched vector-Jacobian product shares every matrix product between the n values. Kernels
    that can't be batched (custom backward passes, in-place ones) raise: then each value is
    differentiated alone, which is as exact and only slower.

    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> gradients(torch.stack([x.sum(), (x * x).sum()]), x)
    (tensor([[1., 1.],
            [2., 4.]]), True)
    """
    if batched:
        try:
            return _together(values, leaf), True
        except torch.OutOfMemoryError:
            raise
        except Exception:  # whatever a kernel raises on a batch it does not know
            pass
    return _one_by_one(values, leaf), False


def _together(values: Tensor, leaf: Tensor) -> Tensor:
    each = torch.eye(len(values), dtype=values.dtype, device=values.device)
    # the graph is kept: where the batch fails half-way, the single products need it
    (rows,) = torch.autograd.grad(values, leaf, each, is_grads_batched=True, retain_graph=True)
    return rows


def _one_by_one(values: Tensor, leaf: Tensor) -> Tensor:
    rows = [torch.autograd.grad(value, leaf, retain_graph=True)[0] for value in values]
    return torch.stack(rows)
