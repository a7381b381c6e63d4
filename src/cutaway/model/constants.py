"""What a model does to numbers beside calling modules, read off the numbers: scale, cap, cut.

No configuration is read. A constant is estimated from one pass in float64, then the shortest
decimal (or its inverse, or square root) that gives the model's own numbers is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from .equality import as_float64, close, equal, tolerance

__all__ = ["Cap", "Columns", "Scale", "fit_after", "fit_scale"]


@dataclass(frozen=True)
class Scale:
    """Multiplication by one number."""

    factor: float

    def __call__(self, values: Tensor) -> Tensor:
        return values * self.factor

    def __str__(self) -> str:
        return f"x {self.factor:.10g}"


@dataclass(frozen=True)
class Cap:
    """A soft-cap: bound x tanh(values / bound)."""

    bound: float

    def __call__(self, values: Tensor) -> Tensor:
        return torch.tanh(values / self.bound) * self.bound

    def __str__(self) -> str:
        return f"soft-capped at {self.bound:.10g}"


@dataclass(frozen=True)
class Columns:
    """Some entries of each row: those of some of its streams."""

    start: int
    stop: int

    def __call__(self, values: Tensor) -> Tensor:
        return values[:, self.start : self.stop]

    def __str__(self) -> str:
        return f"entries {self.start} to {self.stop - 1} alone"


Step = TypeVar("Step", Scale, Cap)


def fit_scale(a: Tensor, b: Tensor) -> Scale | None:
    """The factor with b == factor * a, None where there is none.

    >>> fit_scale(torch.tensor([1.0, 2.0, -4.0]), torch.tensor([0.25, 0.5, -1.0]))
    Scale(factor=0.25)
    """
    if a.shape != b.shape:
        return None
    x, y = as_float64(a).flatten(), as_float64(b).flatten()
    power = x @ x
    if power == 0 or (x @ y) ** 2 < 0.9999 * power * (y @ y):
        return None
    estimate = float(x @ y / power)
    return _best([Scale(factor) for factor in _short(estimate, a.dtype)], a, b)


def fit_after(product: Tensor, logits: Tensor) -> tuple[Scale | Cap, ...] | None:
    """What turns the unembedding's product into the logits: nothing, a scale or a soft-cap.

    >>> fit_after(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]))
    ()
    """
    if equal(product, logits):
        return ()
    if (scale := fit_scale(product, logits)) is not None:
        return (scale,)
    if (cap := _fit_cap(product, logits)) is not None:
        return (cap,)
    return None


def _fit_cap(a: Tensor, b: Tensor) -> Cap | None:
    if a.shape != b.shape:
        return None
    x, y = as_float64(a).flatten(), as_float64(b).flatten()
    at = int(x.abs().argmax())
    top, capped = float(x[at].abs()), float(y[at].abs())
    low, high = capped, 1e6
    if not 0 < capped < top:
        return None
    for _ in range(200):  # bound x tanh(top / bound) grows with the bound
        middle = (low + high) / 2
        low, high = (middle, high) if middle * math.tanh(top / middle) < capped else (low, middle)
    return _best([Cap(bound) for bound in _short(high, a.dtype)], a, b)


def _best(steps: list[Step], a: Tensor, b: Tensor) -> Step | None:
    """The first step that gives b to the last bit, else the first as near as precision can tell."""
    for step in steps:
        if equal(step(a), b):
            return step
    return next((step for step in steps if close(step(a), b, tolerance(a.dtype) / 4)), None)


def _short(estimate: float, dtype: torch.dtype) -> Iterator[float]:
    """Constants near an estimate, the simplest first, the estimate itself last.

    >>> next(_short(0.24999999, torch.float32)), next(_short(0.0416666661, torch.float32)) * 24
    (0.25, 1.0)
    """
    near = 1e-5 if torch.finfo(dtype).eps < 1e-4 else 2e-2
    size = abs(estimate)
    for digits in range(1, 7):
        for value, power in ((size, 1.0), (1 / size, -1.0), (size**2, 0.5), (size**-2, -0.5)):
            constant = float(f"{value:.{digits}g}") ** power
            if abs(constant - size) <= near * size:
                yield math.copysign(constant, estimate)
    yield estimate
