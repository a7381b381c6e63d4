"""The steps of a walk as they are proven: a step that does not add up ends its part of the walk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, nn

from ...core.errors import MissingError
from ...trace.source import Floats
from ...trace.walk import TOLERANCE, Step
from .formulas import gap, shapes

__all__ = ["StepLog"]


class StepLog:
    """Collects steps; `add` refuses one whose inputs do not give it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(
        self,
        name: str,
        title: str,
        stage: str,
        formula: str,
        values: Tensor,
        axes: tuple[str, ...],
        *,
        inputs: tuple[str, ...] = (),
        module: tuple[str, nn.Module] | None = None,
        again: Tensor | None = None,
        ids: Sequence[int] = (),
    ) -> None:
        """One more step.

        values  what the model had there
        again   the same computed from the inputs by the formula, None for what is only recorded

        Raises MissingError where the two differ by more than TOLERANCE.
        """
        found = math.nan if again is None else gap(again, values)
        if found > TOLERANCE:
            raise MissingError(
                f"the step {title!r}", because=f"recomputed, it is off by {found:.1e} of its "
                f"largest entry (at most {TOLERANCE:g})",
            )  # fmt: skip
        path, weights = "", {}
        if module is not None:
            path, weights = module[0], shapes(module[1])
        self.steps.append(
            Step(
                name, title, stage, formula, numbers(values), axes, inputs, path,
                _plain(weights), found, tuple(ids),
            )
        )  # fmt: skip


def numbers(values: Tensor) -> Floats:
    """float32 on the CPU; bfloat16 and float16 exactly."""
    return np.asarray(values.detach().cpu().float().numpy())


def _plain(weights: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(int(size) for size in shape) for name, shape in weights.items()}
