"""Inside a block: which module mixes positions, where the MLP comes down, where the state is between.

Each kind of block (same classes, same shapes) is looked at once. Nothing is told by a name:
- a module mixes positions if changing what it takes at one position changes what it gives at others;
- the down-projection is the widest linear module that gives a residual's width and is not part of
  such a mixing module;
- the state inside is what some module takes, with state + attention == it, and it + MLP == output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from .blocks import BlockList
from .experts import is_fused, mixture
from .fit import close, fit_scale, same, tolerance
from .forward import as_input, forward
from .layout import Port
from .structure import Block, Inside
from .watch import Call, calls

__all__ = ["Kind", "find_parts", "kinds"]

Kind = tuple[Any, ...]


def kinds(model: nn.Module, blocks: BlockList) -> dict[Kind, list[int]]:
    """The different kinds of blocks, each with the layers of that kind that run on a text."""
    by_kind: dict[Kind, list[int]] = {}
    for layer, call in enumerate(blocks.calls):
        if call is not None:
            by_kind.setdefault(_kind(model.get_submodule(blocks.paths[layer])), []).append(layer)
    return by_kind


def _kind(block: nn.Module) -> Kind:
    modules = tuple((name, type(module).__qualname__) for name, module in block.named_modules())
    return modules, tuple((name, tuple(p.shape)) for name, p in block.named_parameters())


def find_parts(
    model: nn.Module, blocks: BlockList, token_ids: Sequence[int], which: int
) -> tuple[Block, ...]:
    """The parts of every block; of each kind the `which`-th block is watched on these tokens."""
    by_kind = kinds(model, blocks)
    watched = {layers[which]: layers for layers in by_kind.values()}
    modules = {
        path: module
        for layer in watched
        for path, module in _within(model, blocks.paths[layer]).items()
    }
    with calls(modules, arguments=True) as seen:
        forward(model, as_input(model, token_ids))
    found = [Block(path) for path in blocks.paths]
    for layer, layers in watched.items():
        path = blocks.paths[layer]
        of_block = [call for call in seen if call.path == path or call.path.startswith(path + ".")]
        parts = _Watched(path, blocks, of_block, len(token_ids)).parts()
        for other in layers:
            found[other] = _moved(parts, path, blocks.paths[other])
    return tuple(found)


def _within(model: nn.Module, path: str) -> dict[str, nn.Module]:
    block = model.get_submodule(path)
    return {f"{path}.{name}" if name else path: m for name, m in block.named_modules()}


def _moved(block: Block, old: str, new: str) -> Block:
    """The same parts in another block of the kind."""

    def move(path: str | None) -> str | None:
        return None if path is None else new + path.removeprefix(old)

    return replace(
        block,
        path=new,
        attention=move(block.attention),
        mlp=move(block.mlp),
        down=move(block.down),
        experts=block.experts and replace(block.experts, path=move(block.experts.path) or ""),
        inside=block.inside and replace(block.inside, path=move(block.inside.path) or ""),
    )


@dataclass(frozen=True)
class _Watched:
    """One block's calls on one text."""

    path: str
    blocks: BlockList
    calls: Sequence[Call]
    n_positions: int

    def parts(self) -> Block:
        mixing = [call.path for call in self._below() if self._mixes(call)]
        attention = min(mixing, key=lambda path: path.count("."), default=None)
        down = self._down(mixing)
        fused = next((call for call in self._below() if is_fused(call.module)), None)
        experts = None if fused is None else mixture(fused.path, fused.module)
        width = 0 if down is None else self._rows(next(iter(down.inputs.values()))).shape[1]
        first = down or fused
        return Block(
            self.path,
            attention,
            self._outermost(down or fused, mixing),
            None if down is None else down.path,
            experts,
            width + (0 if experts is None else experts.count * experts.width),
            None if first is None else self._inside(mixing, first),
        )

    def _below(self) -> list[Call]:
        return [call for call in self.calls if call.path != self.path]

    def _rows(self, tensor: Tensor) -> Tensor | None:
        """(T, n) of a tensor with a row per position, None where it has none."""
        shape = tensor.shape
        if len(shape) == 2 and shape[0] == self.n_positions:
            return tensor
        if len(shape) >= 3 and shape[self.blocks.layout.positions] == self.n_positions:
            return self.blocks.layout.rows(tensor)[0]
        return None

    def _mixes(self, call: Call) -> bool:
        """Whether another value at position 0 changes what the module gives after it."""
        key = next((k for k, t in call.inputs.items() if self._rows(t) is not None), None)
        if key is None or not call.outputs:
            return False
        port = Port(key)
        other = call.inputs[key].clone()
        self._rows(other)[0].neg_().add_(1.0)
        results = []
        for value in (call.inputs[key].clone(), other):
            args, kwargs = port.give(call.args, call.kwargs, value)
            result = Port(next(iter(call.outputs))).read(call.module(*args, **kwargs))
            results.append(self._rows(result))
        before, after = results
        if before is None or after is None:
            return False
        return not close(after[1:], before[1:], tolerance(before.dtype))

    def _down(self, mixing: Sequence[str]) -> Call | None:
        """The widest linear module outside of what mixes, the last of equals."""
        spread = [c for call in self._below() if call.path in mixing for c in call.outputs.values()]
        free = [
            call
            for call in self._below()
            if self._is_linear(call) and not any(same(x, y) for x in call.inputs.values() for y in spread)
        ]
        outside = [c for c in free if not any(c.path.startswith(path + ".") for path in mixing)]
        nested = [c for c in free if c.path.rpartition(".")[0] not in mixing]
        return max(outside or nested, key=_input_width, default=None)

    def _is_linear(self, call: Call) -> bool:
        """Whether the call is a product with a matrix that gives a residual's width."""
        if len(call.inputs) != 1 or None not in call.outputs or any(call.module.children()):
            return False
        taken, given = self._rows(next(iter(call.inputs.values()))), self._rows(call.outputs[None])
        ...
