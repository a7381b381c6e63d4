"""Finding the blocks: the longest module list whose items hand one tensor on, each to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.errors import MissingError
from .layout import Layout, Port, layout_of
from .watch import Call

__all__ = ["BlockList", "find_blocks", "outer_modules"]

_LISTS = (nn.ModuleList, nn.Sequential, nn.ModuleDict)


@dataclass(frozen=True)
class BlockList:
    """The blocks of a model, as seen in one pass.

    paths   module paths of the L blocks, in the order of the module list
    calls   the call of each, None for a block this pass went by (a state passes it unchanged)
    entry   which argument of a block is the state
    exit    which of its results is the state
    layout  the axes of that tensor
    """

    paths: tuple[str, ...]
    calls: tuple[Call | None, ...]
    entry: Port
    exit: Port
    layout: Layout

    @property
    def called(self) -> list[Call]:
        """The calls there were, first block first."""
        return [call for call in self.calls if call is not None]

    def states(self) -> list[Tensor]:
        """L + 1 states of (1, T, width): before block 0 and after each block."""
        state = self.layout.rows(self.called[0].inputs[self.entry.key])
        states = [state]
        for call in self.calls:
            if call is not None:
                state = self.layout.rows(call.outputs[self.exit.key])
            states.append(state)
        return states


def outer_modules(model: nn.Module) -> dict[str, nn.Module]:
    """The modules outside of all module lists, and the items of the outermost lists."""
    return dict(_outer(model, ""))


def _outer(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        child_path = f"{path}.{name}" if path else name
        if not isinstance(child, _LISTS):
            yield child_path, child
            yield from _outer(child, child_path)
        else:
            for key, item in child.named_children():
                yield f"{child_path}.{key}", item


def find_blocks(model: nn.Module, calls: Sequence[Call], n_positions: int) -> BlockList:
    """The blocks of a model, from the calls of its outer modules on one text.

    Raises MissingError where no module list hands one tensor on from item to item.
    """
    by_path: dict[str, list[Call]] = {}
    for call in calls:
        by_path.setdefault(call.path, []).append(call)
    found = [
        blocks
        for path, module in model.named_modules()
        if isinstance(module, nn.ModuleList)
        and (blocks := _as_blocks(path, module, by_path, n_positions)) is not None
    ]
    if not found:
        raise MissingError(
            "the list of blocks",
            because="no module list of this model hands one state on from item to item, "
            "each called once",
            fix="this architecture is not supported",
        )
    return max(found, key=lambda blocks: (len(blocks.called), blocks.called[-1].end))


def _as_blocks(
    path: str, items: nn.ModuleList, by_path: dict[str, list[Call]], n_positions: int
) -> BlockList | None:
    paths = tuple(f"{path}.{name}" for name, _ in items.named_children())
    runs = [by_path.get(item, []) for item in paths]
    if any(len(run) > 1 for run in runs) or not any(runs):
        return None
    calls = tuple(run[0] if run else None for run in runs)
    called = [call for call in calls if call is not None]
    if [call.start for call in called] != sorted(call.start for call in called):
        return None
    for entry, exit_ in _ports(called):
        layout = layout_of(called[0].inputs[entry.key], n_positions)
        if layout is not None and _hands_on(called, entry, exit_):
            return BlockList(paths, calls, entry, exit_, layout)
    return None


def _ports(called: Sequence[Call]) -> Iterator[tuple[Port, Port]]:
    """The arguments and results that could be the state, by the first two blocks."""
    first, second = called[0], called[min(1, len(called) - 1)]
    for out_key, output in first.outputs.items():
        for in_key, value in second.inputs.items():
            before = first.inputs.get(in_key)
            alike = before is not None and before.shape == output.shape
            if alike and (first is second or torch.equal(value, output)):
                yield Port(in_key), Port(out_key)


def _hands_on(called: Sequence[Call], entry: Port, exit_: Port) -> bool:
    """Whether each block takes exactly what the one before it gave."""
    given = [call.outputs.get(exit_.key) for call in called[:-1]]
    taken = [call.inputs.get(entry.key) for call in called[1:]]
    return exit_.key in called[-1].outputs and all(
        a is not None and b is not None and a.shape == b.shape and torch.equal(a, b)
        for a, b in zip(given, taken, strict=True)
    )
