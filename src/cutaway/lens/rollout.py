"""Attention rollout: how far each token's first state can have come, were attention all there is.

Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", arXiv 2005.00928.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..trace.source import Floats

__all__ = ["Rollout"]


class Rollout:
    """The product of the blocks' attention, each mixed half and half with the identity."""

    def __init__(self, mean: Callable[[int], Floats], n_positions: int) -> None:
        """mean  layer -> (T, T) its weights, the mean over its heads."""
        self._mean = mean
        whole: Floats = np.eye(n_positions)
        self._start = self._last = (-1, whole)

    def upto(self, layer: int) -> Floats:
        """(T, T) float64 through the blocks 0..layer; rows sum to 1.

        The product of the layer asked for last is kept: asking upwards costs a block each time.
        """
        done, product = self._last if self._last[0] <= layer else self._start
        for block in range(done + 1, layer + 1):
            product = _mixed(self._mean(block)) @ product
        self._last = layer, product
        return product


def _mixed(mean: Floats) -> Floats:
    """Half attention, half residual stream; each row divided by its sum (sinks take a part)."""
    mixed = 0.5 * mean.astype(np.float64) + 0.5 * np.eye(len(mean))
    shares: Floats = mixed / mixed.sum(axis=-1, keepdims=True)
    return shares
