"""Integrals along a line from 0 to 1 of many functions at once, with their error measured.

The functions integrated are slopes whose sum is the derivative of a known value, so the error of
every stretch of the line is known and not estimated: the sum of the integrals over the stretch
should be the rise of the value over it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..trace.source import Floats

__all__ = ["NODES", "Line", "adaptive", "even"]

#: Gauss-Legendre nodes of one stretch: exact for polynomials of degree 5.
NODES = 3
#: The line is first cut into this many stretches.
_STRETCHES = 2


@dataclass(frozen=True)
class Line:
    """The functions on the line; values already read are remembered.

    slopes  A alphas -> (A, n, S) the derivative's parts at each
    value   alpha -> (n,) what they sum to the derivative of
    """

    slopes: Callable[[Sequence[float]], Floats]
    value: Callable[[float], Floats]
    _read: dict[float, Floats] = field(default_factory=dict)

    def rise(self, low: float, high: float) -> Floats:
        """(n,) how much the value rises between two points."""
        return self.at(high) - self.at(low)

    def at(self, alpha: float) -> Floats:
        """(n,) the value at a point."""
        if alpha not in self._read:
            self._read[alpha] = self.value(alpha)
        return self._read[alpha]


@dataclass(frozen=True)
class _Stretch:
    """One part of the line: (n, S) integrals, and how far their sum is from the rise."""

    low: float
    high: float
    integral: Floats
    error: float


def even(line: Line, steps: int) -> Floats:
    """(n, S) integrals by one Gauss-Legendre rule of `steps` nodes over the whole line.

    >>> line = Line(lambda a: 2 * np.reshape(a, (-1, 1, 1)), lambda a: np.array([a * a]))
    >>> even(line, 2).round(12)
    array([[1.]])
    """
    return _gauss(line, 0.0, 1.0, steps)


def adaptive(line: Line, steps: int, tolerance: float) -> Floats:
    """(n, S) integrals; the stretch with the largest error is halved until all are small.

    steps      at most this many slopes are asked for
    tolerance  enough when the errors of all stretches sum to this part of the rise from 0 to 1

    >>> line = Line(lambda a: 2 * np.reshape(a, (-1, 1, 1)), lambda a: np.array([a * a]))
    >>> adaptive(line, 60, 0.01).round(12)
    array([[1.]])
    """
    scale = np.maximum(np.abs(line.rise(0.0, 1.0)), np.finfo(np.float64).tiny)
    edges = np.linspace(0.0, 1.0, _STRETCHES + 1).tolist()
    stretches = [_stretch(line, *ends, scale) for ends in pairwise(edges)]
    used = NODES * _STRETCHES
    while used + 2 * NODES <= steps and sum(part.error for part in stretches) > tolerance:
        worst = max(stretches, key=lambda part: part.error)
        middle = (worst.low + worst.high) / 2
        stretches.remove(worst)
        stretches.append(_stretch(line, worst.low, middle, scale))
        stretches.append(_stretch(line, middle, worst.high, scale))
        used += 2 * NODES
    total: Floats = np.sum([part.integral for part in stretches], axis=0)
    return total


def _stretch(line: Line, low: float, high: float, scale: Floats) -> _Stretch:
    integral = _gauss(line, low, high, NODES)
    error = np.abs(integral.sum(axis=1) - line.rise(low, high)) / scale
    # slopes that overflow (a norm of nothing at alpha 0) are the worst, not the best
    return _Stretch(low, high, integral, float(np.nan_to_num(error, nan=np.inf).max()))


def _gauss(line: Line, low: float, high: float, nodes: int) -> Floats:
    at, weights = np.polynomial.legendre.leggauss(nodes)
    half, middle = (high - low) / 2, (high + low) / 2
    total: Floats = np.tensordot(half * weights, line.slopes((middle + half * at).tolist()), 1)
    return total
