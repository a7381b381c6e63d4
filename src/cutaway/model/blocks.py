"""Finding the blocks: the longest module list whose items hand one tensor on, each to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .hooks import ModuleCall
from .layout import Layout, Port
from .structure import Block

__all__ = ["BlockList", "Shape", "find_blocks", "handing_on", "list_items", "outer_modules"]

#: The axes of a tensor that may hold states, None where it can't.
Shape = Callable[[Tensor], Layout | None]
_LISTS = (nn.ModuleList, nn.Sequential, nn.ModuleDict)


@dataclass(frozen=True)
class BlockList:
    """The blocks of a model, as seen in one pass.

    blocks  the L blocks, in order, with no parts yet
    calls   the call of each, None for a block this pass went by (a state passes it unchanged)
    entry   which argument of a block is the state
    exit    which of its results is the state
    layout  the axes of that tensor
    """

    blocks: tuple[Block, ...]
    calls: tuple[ModuleCall | None, ...]
    entry: Port
    exit: Port
    layout: Layout

    @property
    def called(self) -> list[ModuleCall]:
        """The calls there were, first block first."""
        return [call for call in self.calls if call is not None]

    def states(self, n_positions: int) -> list[Tensor]:
        """L + 1 states of (1, T, width): before block 0 and after each block."""
        state = self.layout.rows(self.called[0].inputs[self.entry.key])
        states = [state]
        for call in self.calls:
            if call is not None:
                state = self.layout.rows(call.outputs[self.exit.key])
            states.append(state)
        return [state[:, :n_positions] for state in states]

    @property
    def n_rows(self) -> int:
        """How many rows the blocks' tensors have, the text's and others."""
        return self.layout.bare.rows(self.called[0].inputs[self.entry.key]).shape[1]


def outer_modules(model: nn.Module) -> dict[str, nn.Module]:
    """The modules outside of all module lists, and the items of the outermost lists."""
    return dict(_outer(model, ""))


def list_items(model: nn.Module, outer: Mapping[str, nn.Module]) -> list[str]:
    """The paths, of the outer modules, of those that are items of module lists."""
    parents = {path: path.rpartition(".")[0] for path in outer}
    return [path for path in outer if isinstance(model.get_submodule(parents[path]), _LISTS)]


def _outer(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        child_path = f"{path}.{name}" if path else name
        if not isinstance(child, _LISTS):
            yield child_path, child
            yield from _outer(child, child_path)
        else:
            for key, item in child.named_children():
                yield f"{child_path}.{key}", item


def find_blocks(model: nn.Module, calls: Sequence[ModuleCall], shape: Shape) -> BlockList | None:
    """The blocks of a model, from the calls of its outer modules on one text.

    shape  tells the axes of a state

    None where no module list hands one tensor on from item to item, each called once, or again
    and again.
    """
    by_path: dict[str, list[ModuleCall]] = {}
    for call in calls:
        by_path.setdefault(call.path, []).append(call)
    lists = [
        [f"{path}.{name}" for name, _ in module.named_children()]
        for path, module in model.named_modules()
        if isinstance(module, nn.ModuleList)
    ]
    for rule in (_called_once, _called_again):
        runs = [rule(paths, by_path) for paths in lists]
        found = [blocks for run in runs if run and (blocks := handing_on(*run, shape))]
        if found:
            return max(found, key=lambda blocks: (len(blocks.called), blocks.called[-1].end))
    return None


def _called_once(
    paths: Sequence[str], by_path: Mapping[str, Sequence[ModuleCall]]
) -> tuple[list[Block], list[ModuleCall | None]] | None:
    """Every item of a list as a block; some may not be called."""
    runs = [by_path.get(item, ()) for item in paths]
    if any(len(run) > 1 for run in runs) or not any(runs):
        return None
    return [Block(path) for path in paths], [run[0] if run else None for run in runs]


def _called_again(
    paths: Sequence[str], by_path: Mapping[str, Sequence[ModuleCall]]
) -> tuple[list[Block], list[ModuleCall | None]] | None:
    """Every call of a list's items as a block."""
    runs = {path: by_path.get(path, ()) for path in paths}
    if all(len(run) < 2 for run in runs.values()):
        return None
    made = [
        (call, Block(path, turn=turn, turns=len(run)))
        for path, run in runs.items()
        for turn, call in enumerate(run)
    ]
    made.sort(key=lambda pair: pair[0].start)
    return [block for _, block in made], [call for call, _ in made]


def handing_on(
    blocks: Sequence[Block], calls: Sequence[ModuleCall | None], shape: Shape
) -> BlockList | None:
    """The blocks as a list, if each takes what the one before it gave."""
    called = [call for call in calls if call is not None]
    if [call.start for call in called] != sorted(call.start for call in called):
        return None
    for entry, exit_ in _ports(called):
        layout = shape(called[0].inputs[entry.key])
        if layout is not None and _hands_on(called, entry, exit_):
            return BlockList(tuple(blocks), tuple(calls), entry, exit_, layout)
    return None


def _ports(called: Sequence[ModuleCall]) -> Iterator[tuple[Port, Port]]:
    """The arguments and results that could be the state, by the first two blocks."""
    first, second = called[0], called[min(1, len(called) - 1)]
    for out_key, output in first.outputs.items():
        for in_key, value in second.inputs.items():
            before = first.inputs.get(in_key)
            alike = before is not None and before.shape == output.shape
            if alike and (first is second or torch.equal(value, output)):
                yield Port(in_key), Port(out_key)


def _hands_on(called: Sequence[ModuleCall], entry: Port, exit_: Port) -> bool:
    """Whether each block gives a tensor of the shape it takes, and the next takes just that."""
    if any(entry.key not in call.inputs or exit_.key not in call.outputs for call in called):
        return False
    taken = [call.inputs[entry.key] for call in called]
    given = [call.outputs[exit_.key] for call in called]
    return all(a.shape == b.shape for a, b in zip(taken, given, strict=True)) and all(
        torch.equal(a, b) for a, b in zip(given[:-1], taken[1:], strict=True)
    )
