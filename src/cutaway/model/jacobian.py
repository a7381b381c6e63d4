"""The gradients of several numbers with respect to one leaf, from one graph."""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.errors import MissingError

__all__ = ["gradients", "is_cut"]

#: What stands in a graph for an operation that has no gradient: torch goes on as if it were 0.
_UNKNOWN = "WarnNotImplemented"


def gradients(values: Tensor, leaf: Tensor, *, batched: bool = True) -> tuple[Tensor, bool]:
    """(n,) values of one graph -> (n, *leaf.shape) gradients, and whether they went as one batch.

    One batched vector-Jacobian product shares every matrix product between the n values. Kernels
    that can't be batched (custom backward passes, in-place ones) raise: then each value is
    differentiated alone, which is as exact and only slower.

    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> gradients(torch.stack([x.sum(), (x * x).sum()]), x)
    (tensor([[1., 1.],
            [2., 4.]]), True)

    Raises MissingError where the graph lacks the gradient of an operation.
    """
    if is_cut(values):
        raise MissingError(
            "saliency", because="torch knows no gradient of an operation in this model's modules",
            fix="method='occlusion' needs none",
        )  # fmt: skip
    if batched:
        try:
            return _together(values, leaf), True
        except torch.OutOfMemoryError:
            raise
        except Exception:  # whatever a kernel raises on a batch it does not know
            pass
    return _one_by_one(values, leaf), False


def is_cut(values: Tensor) -> bool:
    """Whether an operation without a gradient lies on the way to the values.

    Some quantised products are such; torch warns of the first and takes their gradient for 0.
    """
    seen, ahead = set(), [values.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        if node.name().endswith(_UNKNOWN):
            return True
        seen.add(node)
        ahead.extend(before for before, _ in node.next_functions)
    return False


def _together(values: Tensor, leaf: Tensor) -> Tensor:
    each = torch.eye(len(values), dtype=values.dtype, device=values.device)
    # the graph is kept: where the batch fails half-way, the single products need it
    (rows,) = torch.autograd.grad(values, leaf, each, is_grads_batched=True, retain_graph=True)
    return rows


def _one_by_one(values: Tensor, leaf: Tensor) -> Tensor:
    rows = [torch.autograd.grad(value, leaf, retain_graph=True)[0] for value in values]
    return torch.stack(rows)
