"""Which expert a neuron of a mixture belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..trace.card import ModelCard
from ..trace.source import Ints

__all__ = ["expert_coords"]


def expert_coords(
    card: ModelCard, layers: Sequence[int], neurons: Ints
) -> dict[str, tuple[tuple[str, str], Ints]]:
    """Coordinates of the neuron axis where a block has experts; none where no block has.

    expert         (layer, neuron) the expert's number, -1 for a neuron of no expert
    expert_neuron  (layer, neuron) the neuron's number there: within its expert, within the shared
                   expert, or within a block without experts; -1 beyond a block's last neuron
    """
    if not any(card.experts[layer][0] for layer in layers if card.experts):
        return {}
    expert = np.full((len(layers), len(neurons)), -1, dtype=np.int64)
    own = np.tile(np.asarray(neurons, dtype=np.int64), (len(layers), 1))
    for row, layer in enumerate(layers):
        count, width, _ = card.experts[layer]
        routed = own[row] < count * width
        expert[row, routed] = own[row, routed] // width
        own[row] = np.where(routed, own[row] % max(width, 1), own[row] - count * width)
        own[row, neurons >= card.neurons[layer]] = -1
    axes = ("layer", "neuron")
    return {"expert": (axes, expert), "expert_neuron": (axes, own)}
