"""Integrals along a line from 0 to 1 of many functions at once, with their error measured.

The functions integrated are slopes whose sum is the derivative of a known value, so the error of
the sum is known on every stretch of the line: the sum of the integrals over it should be the rise
of the value. Errors of single integrals may cancel in that sum, so each is watched as well: by how
much it moves when every second slope is left out.

Source: Lyness 1969, "Notes on the adaptive Simpson quadrature routine" (halving, all values kept).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..trace.source import Floats

__all__ = ["NODES", "Integral", "Line", "adaptive", "even"]

#: Slopes of one stretch; when it is halved all five stay in use and four are new.
NODES = 5
_AT = np.linspace(0, 1, NODES)
#: Boole's rule on them, exact for polynomials of degree 5, and Simpson's, which leaves every
#: second out and is exact for degree 3.
_FINE = np.array([7, 32, 12, 32, 7]) / 90
_COARSE = np.array([1, 0, 4, 0, 1]) / 6
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Line:
    """The functions on the line; what was already read is remembered.

    slopes  A alphas -> (A, n, S) the derivative's parts at each
    value   alpha -> (n,) what they sum to the derivative of
    """

    slopes: Callable[[Sequence[float]], Floats]
    value: Callable[[float], Floats]
    _values: dict[float, Floats] = field(default_factory=dict)
    _slopes: dict[float, Floats] = field(default_factory=dict)

    def rise(self, low: float, high: float) -> Floats:
        """(n,) how much the value rises between two points."""
        return self.at(high) - self.at(low)

    def at(self, alpha: float) -> Floats:
        """(n,) the value at a point."""
        if alpha not in self._values:
            self._values[alpha] = self.value(alpha)
        return self._values[alpha]

    def along(self, alphas: Sequence[float]) -> Floats:
        """(A, n, S) the slopes at some points; those not yet read are read together."""
        new = [alpha for alpha in alphas if alpha not in self._slopes]
        if new:
            self._slopes.update(zip(new, self.slopes(new), strict=True))
        return np.stack([self._slopes[alpha] for alpha in alphas])


@dataclass(frozen=True)
class Integral:
    """What was integrated.

    parts  (n, S) the integrals
    moved  (n,) by how much one of them moves at most when every second slope is left out, relative
           to the largest: on most lines more than its error. NaN where it was not looked at
    """

    parts: Floats
    moved: Floats


@dataclass(frozen=True)
class _Stretch:
    """One part of the line: (n, S) integrals, what they move, how far their sum is off the rise.

    moved    (n, S) signed, when every second slope is left out
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
    at, weights = np.polynomial.legendre.leggauss(steps)
    parts: Floats = np.tensordot(weights / 2, line.slopes(((1 + at) / 2).tolist()), 1)
    return Integral(parts, np.full(len(parts), np.nan))


def adaptive(line: Line, steps: int, tolerance: float) -> Integral:
    """(n, S) integrals; the worst stretch is halved until all errors are small.

    steps      at most this many slopes are asked for, and no fewer than 5
    tolerance  enough when what the sum misses on all stretches is this part of the rise from 0 to
               1, and then no single integral moves by more than this part of the largest

    >>> line = Line(lambda a: 2 * np.reshape(a, (-1, 1, 1)), lambda a: np.array([a * a]))
    >>> adaptive(line, 60, 0.01).parts.round(12)
    array([[1.]])
    """
    scale = np.maximum(np.abs(line.rise(0.0, 1.0)), _TINY)
    stretches, used = [_stretch(line, 0.0, 1.0, scale)], NODES
    while used + NODES - 1 <= steps:
        missed = [part.missed for part in stretches]
        if np.sum(missed, axis=0).max() > tolerance:  # it is known: before what is estimated
            worst = np.argmax([error.max() for error in missed])
        elif _moved(stretches, stretches).max() > tolerance:
            worst = np.argmax([_moved([part], stretches).max() for part in stretches])
        else:
            break
        stretches += _halves(line, stretches.pop(int(worst)), scale)
        used += NODES - 1
    return Integral(_total(stretches), _moved(stretches, stretches))


def _stretch(line: Line, low: float, high: float, scale: Floats) -> _Stretch:
    slopes = line.along((low + (high - low) * _AT).tolist())
    integral, coarse = ((high - low) * np.tensordot(rule, slopes, 1) for rule in (_FINE, _COARSE))
    missed = np.abs(integral.sum(axis=1) - line.rise(low, high)) / scale
    # slopes that overflow (a norm of nothing at alpha 0) are the worst, not the best
    moved = np.nan_to_num(integral - coarse, nan=np.inf)
    return _Stretch(low, high, integral, moved, np.nan_to_num(missed, nan=np.inf))


def _halves(line: Line, whole: _Stretch, scale: Floats) -> list[_Stretch]:
    middle = (whole.low + whole.high) / 2
    line.along([whole.low + (whole.high - whole.low) * part / 8 for part in (1, 3, 5, 7)])
    return [_stretch(line, *ends, scale) for ends in ((whole.low, middle), (middle, whole.high))]


def _total(stretches: Sequence[_Stretch]) -> Floats:
    total: Floats = np.sum([part.integral for part in stretches], axis=0)
    return total


def _moved(some: Sequence[_Stretch], stretches: Sequence[_Stretch]) -> Floats:
    """(n,) the most that an integral moves on some stretches, as a part of the largest; 0 where
    all rest. The moves of stretches have no common sign: their squares are added."""
    most = np.sqrt(np.sum([part.moved**2 for part in some], axis=0)).max(axis=1)
    largest = np.nan_to_num(np.abs(_total(stretches)), nan=0.0).max(axis=1)
    return np.where(most > 0, most / np.maximum(largest, _TINY), 0.0)
