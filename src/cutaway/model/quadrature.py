"""Integrals along a line from 0 to 1 of many functions at once, with their error measured.

The functions integrated are slopes whose sum is the derivative of a known value, so the error of
the sum is known on every stretch of the line: the sum of the integrals over it should be the rise
of the value. Errors of single integrals may cancel in that sum, so each is watched as well: by how
much it moved when its stretch was cut in two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..trace.source import Floats

__all__ = ["NODES", "Integral", "Line", "adaptive", "even"]

#: Gauss-Legendre nodes of one stretch: exact for polynomials of degree 5.
NODES = 3
_TINY = np.finfo(np.float64).tiny


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
class Integral:
    """What was integrated.

    parts  (n, S) the integrals
    moved  (n,) by how much single ones moved at most when the stretches were last halved, relative
           to the largest: the error before that, and what is left is mostly far less. Infinite
           where nothing was halved, NaN where it was not looked at
    """

    parts: Floats
    moved: Floats


@dataclass(frozen=True)
class _Stretch:
    """One part of the line: (n, S) integrals, what they moved, how far their sum is off the rise.

    moved    (n, S) its part of what the integrals moved when the stretch was made by halving
    missed   (n,) of the sum, relative to the whole rise
    """

    low: float
    high: float
    integral: Floats
    moved: Floats
    missed: Floats


def even(line: Line, steps: int) -> Integral:
    """(n, S) integrals by one Gauss-Legendre rule of `steps` nodes over the whole line.

    >>> line = Line(lambda a: 2 * np.reshape(a, (-1, 1, 1)), lambda a: np.array([a * a]))
    >>> even(line, 2).parts.round(12)
    array([[1.]])
    """
    parts = _gauss(line, 0.0, 1.0, steps)
    return Integral(parts, np.full(len(parts), np.nan))


def adaptive(line: Line, steps: int, tolerance: float) -> Integral:
    """(n, S) integrals; the worst stretch is halved until all errors are small.

    steps      at most this many slopes are asked for
    tolerance  enough when what the sum misses on all stretches is this part of the rise from 0 to
               1, and then no single integral moved by more than this part of the largest

    >>> line = Line(lambda a: 2 * np.reshape(a, (-1, 1, 1)), lambda a: np.array([a * a]))
    >>> adaptive(line, 60, 0.01).parts.round(12)
    array([[1.]])
    """
    scale = np.maximum(np.abs(line.rise(0.0, 1.0)), _TINY)
    stretches, used = [_stretch(line, 0.0, 1.0, scale)], NODES
    while used + 2 * NODES <= steps:
        missed = [part.missed for part in stretches]
        moved = [part.moved for part in stretches]
        total = _total(stretches)
        if np.sum(missed, axis=0).max() > tolerance:  # it is known: before what is estimated
            worst = np.argmax([error.max() for error in missed])
        elif _relative(np.sum(moved, axis=0), total).max() > tolerance:
            worst = np.argmax([_relative(error, total).max() for error in moved])
        else:
            break
        stretches += _halves(line, stretches.pop(int(worst)), scale)
        used += 2 * NODES
    total = _total(stretches)
    return Integral(total, _relative(np.sum([part.moved for part in stretches], axis=0), total))


def _stretch(line: Line, low: float, high: float, scale: Floats) -> _Stretch:
    integral = _gauss(line, low, high, NODES)
    missed = np.abs(integral.sum(axis=1) - line.rise(low, high)) / scale
    moved = np.full(integral.shape, np.inf)
    # slopes that overflow (a norm of nothing at alpha 0) are the worst, not the best
    return _Stretch(low, high, integral, moved, np.nan_to_num(missed, nan=np.inf))


def _halves(line: Line, whole: _Stretch, scale: Floats) -> list[_Stretch]:
    """Its two halves, which share what the integrals moved by."""
    middle = (whole.low + whole.high) / 2
    halves = [_stretch(line, *ends, scale) for ends in ((whole.low, middle), (middle, whole.high))]
    moved = np.abs(whole.integral - halves[0].integral - halves[1].integral) / 2
    return [replace(half, moved=np.nan_to_num(moved, nan=np.inf)) for half in halves]


def _total(stretches: Sequence[_Stretch]) -> Floats:
    total: Floats = np.sum([part.integral for part in stretches], axis=0)
    return total


def _relative(moved: Floats, total: Floats) -> Floats:
    """(n,) the largest of the (n, S) moves, relative to the largest integral; 0 where all rest."""
    most, largest = moved.max(axis=1), np.nan_to_num(np.abs(total), nan=0.0).max(axis=1)
    return np.where(most > 0, most / np.maximum(largest, _TINY), 0.0)


def _gauss(line: Line, low: float, high: float, nodes: int) -> Floats:
    at, weights = np.polynomial.legendre.leggauss(nodes)
    half, middle = (high - low) / 2, (high + low) / 2
    total: Floats = np.tensordot(half * weights, line.slopes((middle + half * at).tolist()), 1)
    return total
