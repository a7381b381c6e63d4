"""Neurons, clusters and factors as tables of strings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.numbers import percent, quantity
from ..view.experts import neuron_label
from ..view.spec import Spec
from .tabular import Table

__all__ = ["clusters_table", "factors_table", "neurons_table"]

_MOST_NEURONS = 20
_MOST_TOKENS = 4


def neurons_table(spec: Spec) -> Table:
    """The most active neurons of the picture: where they fired most, and how strongly."""
    values, index = spec.arrays["activation"], spec.arrays["neuron"]
    strength = np.nan_to_num(np.abs(values))  # (layer, row, position)
    order = np.argsort(-strength.max(axis=2), axis=None, kind="stable")[:_MOST_NEURONS]
    found = [np.unravel_index(place, index.shape) for place in order.tolist()]
    return Table(
        caption=f"The {len(found)} most active neurons and where they fired most",
        columns=("layer", "neuron", "activation at its strongest tokens"),
        rows=tuple(
            (
                str(spec.header["layers"][layer]),
                neuron_label(spec.arrays, (layer, row)),
                _strongest(spec, values[layer, row], strength[layer, row]),
            )
            for layer, row in found
        ),
    )


def clusters_table(spec: Spec) -> Table:
    """A row per cluster: its size and where its centre is largest."""
    sizes, centre = spec.header["sizes"], spec.arrays["centre"]
    total = sum(sizes)
    return Table(
        caption=f"{len(sizes)} clusters of {total:,} neurons",
        columns=("cluster", "neurons", "share", "strongest at"),
        rows=tuple(
            (
                str(i), f"{size:,}", percent(size / total),
                _strongest(spec, centre[i], np.nan_to_num(centre[i])),
            )
            for i, size in enumerate(sizes)
        ),
    )  # fmt: skip


def factors_table(spec: Spec) -> Table:
    """A row per factor: its share, its neurons, how many carry half, its strongest tokens."""
    header, activation = spec.header, spec.arrays["activation"]
    return Table(
        caption="Factors of the neurons' activations, by their share of what is reproduced",
        columns=("factor", "share", "neurons", "carry half", "strongest at"),
        rows=tuple(
            (
                str(f), percent(share), f"{header['neurons'][f]:,}", f"{header['half'][f]:,}",
                _strongest(spec, activation[f], np.nan_to_num(activation[f])),
            )
            for f, share in enumerate(header["share"])
        ),
    )  # fmt: skip


def _strongest(spec: Spec, values: NDArray[Any], strength: NDArray[Any]) -> str:
    """The tokens with the largest values, each with its position and its value."""
    order = np.argsort(-strength, kind="stable")[:_MOST_TOKENS]
    return ", ".join(
        f"{spec.header['inputs'][at]} ({spec.header['positions'][at]}: "
        f"{quantity(float(values[at]))})"
        for at in order.tolist()
        if strength[at] > 0
    )
