"""How many frames a sound becomes: a count that grows in even steps with its length, measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ..core.errors import MissingError

__all__ = ["FrameCount", "measure_frames"]

#: How many steps are measured; they must be alike.
_STEPS = 3


@dataclass(frozen=True)
class FrameCount:
    """One more for every `step` more than `start`.

    >>> FrameCount(start=240, step=160).at(16000)
    98
    """

    start: int
    step: int

    def at(self, n: int) -> int:
        """The count of n, 0 where there is none."""
        return max(0, (n - self.start) // self.step)


def measure_frames(count: Callable[[int], int], n: int) -> FrameCount:
    """What a count is, by the places where it rises, the last ones up to n.

    >>> measure_frames(lambda n: 1 + (n - 400) // 160, 16000)
    FrameCount(start=240, step=160)

    Raises MissingError where it does not grow in even steps.
    """
    most = count(n)
    near = max(1, round((n - n // 2) / max(1, most - count(n // 2))))
    edges = [_edge(count, most - back, n - (back + 2) * near - 2, n) for back in range(_STEPS)]
    steps = {above - below for above, below in pairwise(edges)}
    if len(steps) != 1 or not (step := steps.pop()):
        raise MissingError("the time of a frame", because="a sound's frames are not evenly apart")
    return FrameCount(edges[0] - most * step, step)


def _edge(count: Callable[[int], int], wanted: int, low: int, high: int) -> int:
    """The least number in low..high whose count is as wanted, or more."""
    low = max(low, 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if count(middle) >= wanted else (middle + 1, high)
    return low
