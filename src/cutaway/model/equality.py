"""Whether two tensors hold the same numbers, or how near they must lie to count as one result."""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.errors import MissingError

__all__ = ["as_float64", "close", "equal", "tolerance"]


def tolerance(dtype: torch.dtype) -> float:
    """How far two orders of the same float arithmetic may lie apart, relative to the largest."""
    return max(4 * torch.finfo(dtype).eps, 1e-5)


def as_float64(values: Tensor) -> Tensor:
    """The same numbers in float64 on the CPU: some devices lack it, and a model may span two."""
    if values.is_meta:
        raise MissingError(
            "the numbers of a weight", because="it is off-loaded, and there only while it is used",
            fix="load the model without device_map",
        )  # fmt: skip
    return values.detach().cpu().double()


def equal(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same numbers, whatever their precision."""
    return a.shape == b.shape and torch.equal(as_float64(a), as_float64(b))


def close(a: Tensor, b: Tensor, bound: float) -> bool:
    """Whether two tensors agree within `bound`, relative to the largest entry of b."""
    if a.shape != b.shape:
        return False
    x, y = as_float64(a), as_float64(b)
    return bool((x - y).abs().max() <= bound * y.abs().max().clamp_min(1e-30))
