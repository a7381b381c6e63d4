"""From a value to its share of a colour scale, as the Spec's header describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ramp import colours

__all__ = ["Scale"]


@dataclass(frozen=True)
class Scale:
    """A colour scale: its two ends, how it runs between them, and its ramp.

    low, high  the ends, low < high
    log        whether equal ratios (and not equal differences) look equal
    ramp       "clay" or "teal"
    rising     whether the high end is the strong one

    >>> rank = Scale(low=1, high=100, log=True, ramp="teal", rising=False)
    >>> rank.shares(np.array([1, 10, 100, 0]), undefined=0)
    array([1. , 0.5, 0. , nan])
    """

    low: float
    high: float
    log: bool
    ramp: str
    rising: bool

    @classmethod
    def of(cls, quantity: Mapping[str, Any]) -> Scale:
        """The scale of an entry of the header's `quantities`."""
        return cls(
            low=quantity["low"], high=quantity["high"], log=quantity["scale"] == "log",
            ramp=quantity["ramp"], rising=quantity["strong"] == "high",
        )  # fmt: skip

    def shares(self, values: NDArray[Any], undefined: float = np.nan) -> NDArray[np.float64]:
        """0 (weak) to 1 (strong), clipped at the ends; NaN where a value is undefined."""
        known = np.where(values == undefined, np.nan, values.astype(np.float64))
        ends = np.array([self.low, self.high], dtype=np.float64)
        if self.log:
            known, ends = np.log(known), np.log(ends)
        rise: NDArray[np.float64] = np.clip((known - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0)
        return rise if self.rising else 1.0 - rise

    def colours(self, values: NDArray[Any], undefined: float = np.nan) -> NDArray[np.uint8]:
        """(..., 3) red, green, blue of the light palette."""
        return colours(self.ramp, self.shares(values, undefined))
