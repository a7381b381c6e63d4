"""The steps of a walk as they are proven: a step that does not add up ends its part of the walk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from ...core.errors import MissingError
from ...trace.source import Floats
from ...trace.walk import TOLERANCE, Step
from .formulas import gap, shapes

__all__ = ["RecordedStep", "StepLog"]


@dataclass(frozen=True, eq=False)
class RecordedStep:
    """A step as the model took it, before it is proven; the fields of trace.walk.Step, but these:

    values      what the model had there
    module      the module that does it, and its path
    recomputed  the same computed from the inputs by the formula, None for what is only recorded
    """

    name: str
    title: str
    stage: str
    formula: str
    values: Tensor
    axes: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    module: tuple[str, nn.Module] | None = None
    recomputed: Tensor | None = None
    ids: Sequence[int] = ()


class StepLog:
    """Collects steps; `add` refuses one whose inputs do not give it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, step: RecordedStep) -> None:
        """One more step; MissingError where it and what is recomputed are TOLERANCE apart."""
        found = math.nan if step.recomputed is None else gap(step.recomputed, step.values)
        if found > TOLERANCE:
            raise MissingError(
                f"the step {step.title!r}", because=f"recomputed, it is off by {found:.1e} of its "
                f"largest entry (at most {TOLERANCE:g})",
            )  # fmt: skip
        path, module = ("", None) if step.module is None else step.module
        self.steps.append(
            Step(
                step.name, step.title, step.stage, step.formula, numbers(step.values), step.axes,
                step.inputs, path, {} if module is None else _plain(shapes(module)), found,
                tuple(step.ids),
            )
        )  # fmt: skip


def numbers(values: Tensor) -> Floats:
    """float32 on the CPU; bfloat16 and float16 exactly."""
    return np.asarray(values.detach().cpu().float().numpy())


def _plain(weights: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(int(size) for size in shape) for name, shape in weights.items()}
