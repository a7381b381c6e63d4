"""What is seen, said in a sentence that is built from the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.numbers import percent

__all__ = ["Prediction", "says", "stays_from"]


def stays_from(top_ids: NDArray[np.int64], layers: Sequence[int]) -> int | None:
    """The layer from which the last layer's top token stays on top; None where there is none.

    top_ids  (R,) the top token of each layer, ascending

    >>> stays_from(np.array([5, 9, 5, 5]), [-1, 0, 1, 2])
    1
    """
    if top_ids[-1] < 0:
        return None
    other = np.flatnonzero(top_ids != top_ids[-1])
    return layers[int(other[-1]) + 1 if other.size else 0]


@dataclass(frozen=True)
class Prediction:
    """What the model says at a position.

    read    the token there
    came    the token that followed, "" where the text ends there
    label   the token that is said, with its probability
    masked  whether it says the token that stands there, and not the one after it
    """

    position: int
    read: str
    came: str
    label: str
    probability: float
    masked: bool = False


def says(
    said: Prediction, *, stays: int | None, layers: Sequence[int], n_layers: int
) -> list[list[str]]:
    """What the model says at a position, how surely, and since which layer.

    layers    those that were looked at, ascending; only the last block speaks for the model
    n_layers  L, the model's number of blocks

    >>> said = Prediction(position=4, read="·is", came="", label="·Paris", probability=0.773)
    >>> runs = says(said, stays=28, layers=range(-1, 30), n_layers=30)
    >>> print("".join(text for _, text in runs))  # doctest: +NORMALIZE_WHITESPACE
    At the last position, after ·is, the model says ·Paris with 77.3 %;
    it is on top from layer 28 on (the layers are 0 to 29).
    """
    came, masked = said.came, said.masked
    place = f"At position {said.position}" if came or masked else "At the last position"
    final = layers[-1] == n_layers - 1
    who = "the model says" if final else f"layer {layer_name(layers[-1])} would say"
    runs = [
        ["", f"{place}, {'in the place of' if masked else 'after'} "],
        ["in", said.read],
        ["", f", {who} "],
        ["out", said.label],
    ]
    runs += [["", " with "], ["b", percent(said.probability)]]
    if final and stays is not None and len(layers) > 1:
        runs += [["", "; it is on top from "], ["b", _since(stays)], ["", f" on ({_of(layers)})"]]
    if came and came != said.label:
        runs += [["", ". What came was "], ["in", came]]
    return [*runs, ["", "."]]


def _since(layer: int) -> str:
    return f"the input state ({layer_name(layer)})" if layer < 0 else f"layer {layer}"


def _of(layers: Sequence[int]) -> str:
    """Which layers there are; with gaps between them the claim holds for those alone."""
    gaps = len(layers) != layers[-1] - layers[0] + 1
    return f"the layers are 0 to {layers[-1]}" + (", not all of them shown" if gaps else "")
