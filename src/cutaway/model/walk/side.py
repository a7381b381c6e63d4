"""One side of an attention: the rows that look, or the rows that are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from ...core.errors import MissingError
from ..block_calls import BlockCalls
from ..equality import equal
from ..hooks import ModuleCall
from .links import Link, find_links, leaf_calls
from .position import BlockPosition
from .step_log import RecordedStep

__all__ = ["Side"]


@dataclass(frozen=True, eq=False)
class Side(BlockPosition):
    """Rows of one text in a block, and the steps that are known to have some of them.

    inner  the calls in the attention
    stage  "attention", or "cross" where a decoder looks at its source
    known  rows -> the step that has them, the state's first
    """

    inner: Sequence[ModuleCall]
    stage: str
    known: list[tuple[Tensor, str]]

    def of(self, watched: BlockCalls, at: int, rows: Tensor, step: str) -> Side:
        """The other side of the same attention: rows of another text."""
        return replace(self, watched=watched, at=at, known=[(rows, step)])

    @property
    def is_cross(self) -> bool:
        """Whether a source is looked at."""
        return self.stage == "cross"

    @property
    def where(self) -> str:
        """Ends a title."""
        return " in the source" if self.is_cross else ""

    @property
    def key_axis(self) -> str:
        """The axis of what is looked at."""
        return "source" if self.is_cross else "key"

    @cached_property
    def linears(self) -> list[ModuleCall]:
        """The products with a matrix in the attention."""
        return [c for c in self.inner if not any(c.module.children()) and self.watched.is_linear(c)]

    @property
    def outs(self) -> list[ModuleCall]:
        """Those that give rows as wide as the state."""
        width = self.watched.state.shape
        return [call for call in self.linears if self.watched.made(call)[0].shape == width]

    def named(self, *names: str) -> tuple[str, ...]:
        """The names of steps as the log has them: those of cross attention begin with cross."""
        if self.is_cross:
            return tuple(f"cross_{name}" for name in names)
        return tuple("attention_output" if name == "output" else name for name in names)

    def add(self, step: RecordedStep) -> str:
        """One more step of this attention; returns its name in the log."""
        (own,) = self.named(step.name)
        self.log.add(replace(step, name=own))
        return own

    def step_of(self, rows: Tensor, what: str) -> str:
        """The step that has the (T, n) rows that the projection of a query, key or value takes.

        Norms and products between are steps of their own. Raises MissingError where nothing known
        leads there.
        """
        for known, step in self.known:
            if equal(known, rows):
                return step
        between = leaf_calls(self.watched.below, self.watched.rows)
        for known, step in self.known:
            way = find_links(between, known, rows, self.at)
            if way is not None:
                return self._go(way, step, what)
        raise MissingError(
            f"what the {what} is made of", because="neither a step before it nor a norm of one is "
            "what its projection takes",
        )  # fmt: skip

    def _go(self, way: Sequence[Link], step: str, what: str) -> str:
        """The links as steps; returns the last one's name."""
        for link in way:
            first = len(self.known) == 1 and link.kind == "norm"
            name = f"{self.stage}_norm" if first else f"{what}_{link.kind}"
            while any(name == other.name for other in self.log.steps):
                name += "_again"
            step = link.log(self.log, name, self.stage, self.at, step)
            self.known.append((link.rows, step))
        return step
