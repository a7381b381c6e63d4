"""Which expert a neuron of a mixture belongs to, as the pictures of neurons carry it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import neuron_name

__all__ = ["expert_numbers", "neuron_label"]


def expert_numbers(dataset: xr.Dataset) -> dict[str, NDArray[np.int32]]:
    """expert, expert_neuron (layer, neuron) of a dataset; empty where it has no experts."""
    names = [name for name in ("expert", "expert_neuron") if name in dataset.coords]
    return {name: dataset[name].values.astype(np.int32) for name in names}


def neuron_label(arrays: Mapping[str, NDArray[Any]], place: tuple[int, ...]) -> str:
    """How the neuron at a place of a picture's arrays is printed.

    arrays  neuron, and in a mixture expert and expert_neuron, in one shape
    """
    numbers = [arrays[name][place] for name in ("neuron", "expert", "expert_neuron")
               if name in arrays]  # fmt: skip
    return neuron_name(*map(int, numbers))
