"""Attention rollout: how far each token's first state can have come, were attention all there is.

Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", arXiv 2005.00928. Under a
source it goes through the encoder and both of a decoder block's attentions, as Ferrando et al. 2022
do with their own contributions (ALTI+, arXiv 2205.11631).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..trace.source import Floats

__all__ = ["EncoderDecoderRollout", "Rollout"]

#: layer -> weights of a block, the mean over its heads.
Mean = Callable[[int], Floats]


class Rollout:
    """The product of the blocks' attention, each mixed half and half with the identity."""

    def __init__(self, mean: Mean, n_positions: int) -> None:
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
            product = self._through(block, product)
        self._last = layer, product
        return product

    def _through(self, block: int, product: Floats) -> Floats:
        return _mixed(self._mean(block)) @ product


class EncoderDecoderRollout(Rollout):
    """The same of a decoder that reads a source: (T, S + T), the source's tokens first.

    A block mixes in its own text, then the source: half residual stream, half the rollout of the
    encoder as its attention to the source takes it up.
    """

    def __init__(self, mean: Mean, across: Mean, source: Floats, n_positions: int) -> None:
        """mean, across  of the attention to its own text (T, T) and to the source (T, S).
        source           (S, S) the encoder's rollout through all its blocks
        """
        super().__init__(mean, n_positions)
        self._across, self._source = across, source
        self._start = self._last = (-1, np.eye(n_positions, len(source) + n_positions, len(source)))

    def _through(self, block: int, product: Floats) -> Floats:
        mixed = super()._through(block, product)
        weights = self._across(block).astype(np.float64)
        mixed[:, : len(self._source)] += weights @ self._source
        shares: Floats = mixed / (1 + weights.sum(axis=-1, keepdims=True))
        return shares


def _mixed(mean: Floats) -> Floats:
    """Half attention, half residual stream; each row divided by its sum (sinks take a part)."""
    mixed = 0.5 * mean.astype(np.float64) + 0.5 * np.eye(len(mean))
    shares: Floats = mixed / mixed.sum(axis=-1, keepdims=True)
    return shares
