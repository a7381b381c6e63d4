"""The parts of one block in their order: attention, the source, the MLP, and the sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor

from ...core.errors import MissingError
from ..equality import equal
from ..hooks import ModuleCall
from ..structure import Block
from .attention import Branch, SeenAttention, attention_steps
from .between import between, inside
from .mlp import mlp_steps
from .position import BlockPosition
from .residual_sum import add_to
from .side import Side
from .step_log import RecordedStep

__all__ = ["BlockWalk", "DecoderSource"]

#: What an attention worked on; raises MissingError where it has none.
Ask = Callable[[], SeenAttention]


@dataclass(frozen=True, eq=False)
class DecoderSource:
    """The source of a decoder.

    states  (S, width) what the encoder gave
    names   of its S tokens, as they are printed
    """

    states: Tensor
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class BlockWalk(BlockPosition):
    """One position's way through one block; what can't be proven is named in `refused`.

    attended, crossed  what the block's attention worked on, and that to the source
    causal             whether no token sees a later one
    source             what a decoder reads, None where it is none
    refused            part -> why its steps can't be proven
    """

    block: Block
    attended: Ask
    crossed: Ask
    causal: bool
    source: DecoderSource | None = None
    refused: dict[str, str] = field(default_factory=dict)

    def part(self, name: str, act: Callable[[], None]) -> None:
        """Act; where it can't be proven, say why."""
        try:
            act()
        except MissingError as missing:
            self.refused[name] = str(missing)

    def add_steps(self) -> None:
        """Every part, and the state after the block."""
        watched = self.watched
        added: list[Branch] = []
        self.part("attention", lambda: added.append(self._attend()))
        if self.block.cross is None:
            middle = self._middle(added)
            state, name = (
                (watched.state, "state_in") if middle is None else (middle, "state_inside")
            )
            if middle is not None:
                self._sum("state_inside", added, watched.state, "state_in", middle)
        else:
            added, state, name = self._across(added)
            middle = state
        came: list[Branch] = []
        self.part("mlp", lambda: came.append(mlp_steps(self, self.block, state, name)))
        branches = came if middle is not None else [*added, *came]
        whole = bool(came) and (middle is not None or bool(added))
        self._sum("state_out", branches if whole else [], state, name, watched.given)

    def _middle(self, added: Sequence[Branch]) -> Tensor | None:
        """(T, width) the state between attention and MLP; None where both read the same one."""
        found = inside(self.watched, self.block)
        if found is not None or not added:
            return found
        end = max(call.end for call in self._calls(self.block.attention))
        later = [call for call in self.watched.below if call.start > end]
        try:
            return between(self.watched, self.watched.state, added[0].rows, later, self.at)
        except MissingError:
            return None

    def _sum(
        self, name: str, branches: list[Branch], state: Tensor, source: str, total: Tensor
    ) -> None:
        """The state once the branches are added; recorded only, where one was not proven."""
        stage, title, words, part = _SUMS[name]

        def add() -> None:
            if not branches:
                raise MissingError(f"the state {words}", because=f"{part} was not proven")
            add_to(self, name, stage, state, source, branches, total)

        self.part(name, add)
        if not any(step.name == name for step in self.log.steps):
            self.log.add(RecordedStep(
                name, title, stage, "recorded, not recomputed", total[self.at], ("channel",)
            ))  # fmt: skip

    def _calls(self, path: str | None) -> list[ModuleCall]:
        """The calls in a part of the block."""
        if path is None:
            return []
        return [c for c in self.watched.below if f"{c.path}.".startswith(f"{path}.")]

    def _attend(self) -> Branch:
        """The block's attention to the text itself."""
        if self.block.attention is None:
            raise MissingError("the attention", because="this block has none")
        side = Side(
            self.log, self.watched, self.at, self._calls(self.block.attention), "attention",
            [(self.watched.state, "state_in")],
        )  # fmt: skip
        looked = self.attended()
        if looked.call is None:
            self.refused["scores"] = looked.why
        return attention_steps(side, side, looked, causal=self.causal)

    def _across(self, added: list[Branch]) -> tuple[list[Branch], Tensor, str]:
        """The attention to the source, between attention and MLP: the state after it."""
        watched, at, inner = self.watched, self.at, self._calls(self.block.cross)
        state, name = watched.state, "state_in"
        start, end = min(c.start for c in inner), max(c.end for c in inner)
        later = [call for call in watched.below if call.start >= start]
        came: list[Branch] = []

        def cross() -> None:
            nonlocal state, name
            if not added:
                raise MissingError("the state before it", because="the attention was not proven")
            state = between(watched, watched.state, added[0].rows, later, at)
            name = "state_inside"
            self._sum(name, added, watched.state, "state_in", state)
            came.append(self._look_across(inner, state))

        self.part("cross", cross)
        if not came:
            return [], state, name
        later = [call for call in later if call.start > end]

        def sum_up() -> None:
            nonlocal state, name
            total = between(watched, state, came[0].rows, later, at)
            self._sum("state_crossed", came, state, name, total)
            state, name = total, "state_crossed"

        self.part("state_crossed", sum_up)
        return came, state, name

    def _look_across(self, inner: Sequence[ModuleCall], state: Tensor) -> Branch:
        """What the attention to the source adds; the source's token looked at most is shown."""
        if self.source is None:
            raise MissingError("the source", because="its states were not handed to the decoder")
        looked, states = self.crossed(), self.source.states
        most = int(looked.weights[:, self.at].mean(0).argmax())
        query = Side(self.log, self.watched, self.at, inner, "cross", [(state, "state_inside")])
        other = replace(self.watched, n_positions=len(states))
        if not any(equal(r, states) for c in inner for _, r in other.taken(c)):
            raise MissingError(
                "the states of the source", because="its keys are made of other numbers than the "
                "encoder's last states",
            )  # fmt: skip
        self.log.add(RecordedStep(
            "source_state", "The source's token", "cross",
            f"what the encoder gave for {self.source.names[most]} (source token {most}), at which "
            "this position looks most", states[most], ("channel",),
        ))  # fmt: skip
        keys = query.of(other, most, states, "source_state")
        return attention_steps(query, keys, looked, causal=False)


#: Of each sum: its stage, its title where it is only recorded, where it is, what comes before.
_SUMS = {
    "state_inside": ("attention", "After the attention", "between", "the attention"),
    "state_crossed": ("cross", "After the source", "between", "the attention to the source"),
    "state_out": ("mlp", "After the block", "after the block", "a part"),
}
