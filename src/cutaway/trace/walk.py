"""One token's way through one block: every step with its real numbers, each proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .source import Floats

__all__ = ["TOLERANCE", "Step", "Walk"]

#: How far a step may lie from what its inputs give, relative to its largest entry.
TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Step:
    """One step at one position.

    name     what other steps call it: "query", "scores", "neurons"
    title    what is done, in two or three words
    stage    "embedding", "attention", "cross", "mlp" or "output"
    formula  how it comes of its inputs, as text with the real constants
    values   the numbers
    axes     their axes: "channel" (entries of a state), "feature" (of one head), "neuron", "head",
             "group" (key-value heads), "key", "source" (tokens of a source), "expert", "k"
    inputs   names of the steps it is computed from
    module   path of the module that does it, "" where code does it
    weights  shapes of that module's parameters, by name
    gap      the largest difference between the values and what the inputs give by the formula,
             relative to the largest entry; NaN for what is only recorded
    ids      (k,) token ids that the values belong to, or (expert,) the numbers of the experts
    """

    name: str
    title: str
    stage: str
    formula: str
    values: Floats
    axes: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    module: str = ""
    weights: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    gap: float = float("nan")
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Walk:
    """The steps of one position through one block, and from the last block to the next token.

    refused  part of the walk -> why its steps could not be proven
    """

    at: int
    layer: int
    steps: tuple[Step, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
