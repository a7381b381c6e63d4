"""One block's calls on one text, as the rules of parts, inside and gating look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from .equality import as_float64, close, equal, tolerance
from .hooks import ModuleCall, fresh
from .layout import Layout, Port, layout_of
from .structure import Block
from .widened import Widened

__all__ = ["BlockCalls", "block_calls", "is_quantised"]

#: How far a row may move when another one changes and nothing is mixed: products of other sizes.
_OTHER_ROWS = 1e-4
#: How far the sum of two parts may lie from the whole where each is rounded, to 6 bits at worst:
#: torch's dynamic quantisation. Of a norm, which takes each part for a whole, it is 0.4.
_ROUNDED = 0.1
_PLAIN = (Tensor, nn.Parameter, Widened)
_PACKED = (torch.int8, torch.uint8)


@dataclass(frozen=True)
class BlockCalls:
    """What was seen of one block.

    path         the block
    entry, exit  where its state goes in and comes out
    layout       the axes of that tensor
    calls        the calls of the block and of everything in it, in order of their starts
    n_positions  rows of its tensors: T, where they hold the text's alone
    mixers       classes that mix positions in some other block
    members      where no one module is the block: those it is made of, in order
    cross        the module in it that attends to a source, where it has one
    """

    path: str
    entry: Port
    exit: Port
    layout: Layout
    calls: Sequence[ModuleCall]
    n_positions: int
    mixers: frozenset[type] = frozenset()
    cross: str | None = None
    members: tuple[str, ...] = ()

    @cached_property
    def whole(self) -> ModuleCall:
        """The call of the block itself; of members, what the first took and the last gave."""
        if not self.members:
            return self._of(self.path)
        first, last = self._of(self.members[0]), self._of(self.members[-1])
        return replace(first, path=self.path, end=last.end, outputs=last.outputs)

    def _of(self, path: str) -> ModuleCall:
        return next(call for call in self.calls if call.path == path)

    @cached_property
    def below(self) -> list[ModuleCall]:
        """The calls of what is in the block, but of one that is all of it under another name."""
        inner = [call for call in self.calls if call.path != self.path]
        return [call for call in inner if self.members or not self._is_all(call)]

    def _is_all(self, call: ModuleCall) -> bool:
        """Whether a module in the block takes its state, and gives what the block gives."""
        return any(equal(rows, self.state) for _, rows in self.taken(call)) and any(
            equal(rows, self.given) for rows in self.made(call)
        )

    @cached_property
    def modules(self) -> dict[str, nn.Module]:
        """Path -> everything in the block, called or not, the block itself among it."""
        return {
            f"{root}.{name}" if name else root: module
            for root in self.members or (self.path,)
            for name, module in self._of(root).module.named_modules()
        }

    @cached_property
    def mixing(self) -> frozenset[str]:
        """The modules in the block that mix positions, such as attention; of a source's, too."""
        return frozenset(
            call.path
            for call in self.below
            if call.path == self.cross or type(call.module) in self.mixers or self._mixes(call)
        )

    def mixing_classes(self) -> set[type]:
        """The classes of those that hold modules of their own.

        An attention that takes its keys from another block mixes nothing by what it takes itself.
        """
        mixing = [call.module for call in self.below if call.path in self.mixing]
        return {type(module) for module in mixing if any(True for _ in module.children())}

    @property
    def state(self) -> Tensor:
        """(T, width) before the block."""
        return self.layout.rows(self.whole.inputs[self.entry.key])[0]

    @property
    def given(self) -> Tensor:
        """(T, width) after it."""
        return self.layout.rows(self.whole.outputs[self.exit.key])[0]

    def rows(self, tensor: Tensor) -> Tensor | None:
        """(T, n) of a tensor with a row per position, None where it has none."""
        if tensor.dim() == 2:
            return tensor if tensor.shape[0] == self.n_positions else None
        axes = self._axes(tensor)
        return None if axes is None else axes.rows(tensor)[0]

    def _axes(self, tensor: Tensor) -> Layout | None:
        """The block's own axes where they fit, for sizes alone do not always tell them."""
        own, shape = self.layout, tensor.shape
        fits = len(shape) > max(2, own.batch, own.positions)
        if fits and (shape[own.batch], shape[own.positions]) == (1, self.n_positions):
            return own
        return layout_of(tensor, self.n_positions)

    def taken(self, call: ModuleCall) -> list[tuple[int | str | None, Tensor]]:
        """The (T, n) rows among a call's arguments, by their key."""
        pairs = ((key, self.rows(tensor)) for key, tensor in call.inputs.items())
        return [(key, rows) for key, rows in pairs if rows is not None]

    def made(self, call: ModuleCall) -> list[Tensor]:
        """The (T, n) rows among a call's results."""
        found = (self.rows(tensor) for tensor in call.outputs.values())
        return [rows for rows in found if rows is not None]

    def outside_mixing(self, path: str) -> bool:
        """Whether no module that holds this one mixes positions."""
        return not any(path.startswith(mixing + ".") for mixing in self.mixing)

    def _other_first(self, tensor: Tensor) -> Tensor:
        """A tensor with another first row."""
        other, axes = tensor.clone(), self._axes(tensor)
        first = other.select(0 if axes is None else axes.positions, 0)
        first.copy_(1 - first)
        return other

    def _is_turned(self, tensor: Tensor) -> bool:
        """Whether the last axis of a tensor is that of the positions."""
        axes = self._axes(tensor)
        return axes is not None and axes.positions == tensor.dim() - 1

    def again(self, call: ModuleCall, values: Mapping[int | str | None, Tensor]) -> list[Tensor]:
        """The rows a module gives when it takes other values at some arguments."""
        args, kwargs = fresh(call.args, call.kwargs)
        for key, value in values.items():
            args, kwargs = Port(key).give(args, kwargs, value)
        output = call.module(*args, **kwargs)
        results = (Port(out).read(output) for out in call.outputs)
        return [rows for rows in map(self.rows, results) if rows is not None]

    def is_linear(self, call: ModuleCall) -> bool:
        """Whether a module is a product with a matrix, and a bias: what it gives adds up.

        f(a) + f(b) == f(a + b) + f(0) for two parts of what it took; true of no norm. Nearly so
        where it rounds what it takes, too, as quantised modules may.
        """
        taken = self.taken(call)
        if len(taken) != 1 or not self.made(call) or not _has_weights(call.module):
            return False
        key, x = taken[0][0], call.inputs[taken[0][0]].clone()
        part = x.clone()
        part.transpose(-1, 1 if self._is_turned(x) else -1)[..., ::2] = 0
        try:
            f0, fx, fa, fb = (
                as_float64(self.again(call, {key: value})[0])
                for value in (0 * x, x, part, x - part)
            )
        except Exception:  # what can't be run twice is no product with a matrix
            return False
        bound = _ROUNDED if is_quantised(call.module) else tolerance(x.dtype)
        return close(fa + fb - f0, fx, bound)

    def _mixes(self, call: ModuleCall) -> bool:
        """Whether another value at position 0 changes what the module gives after it."""
        taken = self.taken(call)
        if not taken or not self.made(call) or _is_pointwise(call.module):
            return False
        # Queries and keys may come as two arguments.
        alike = [key for key, rows in taken if rows.shape == taken[0][1].shape]
        plain = {key: call.inputs[key].clone() for key in alike}
        other = {key: self._other_first(value) for key, value in plain.items()}
        try:
            before, after = (self.again(call, values) for values in (plain, other))
        except Exception:
            return True  # what can't be run twice may do anything with positions
        least = _ROUNDED if is_quantised(call.module) else _OTHER_ROWS
        return any(
            not close(b[1:], a[1:], max(tolerance(a.dtype), least))
            for a, b in zip(before, after, strict=True)
        )


def block_calls(
    block: Block, entry: Port, exit_: Port, layout: Layout, calls: Sequence[ModuleCall]
) -> BlockCalls:
    """A block, from the calls that belong to it; every row of its tensors by itself."""
    entered = next(call for call in calls if call.path == block.roots[0])
    n_rows = layout.bare.rows(entered.inputs[entry.key]).shape[1]
    return BlockCalls(block.path, entry, exit_, layout.bare, calls, n_rows, members=block.members)


def _is_pointwise(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, nn.LayerNorm, nn.Dropout, nn.Identity, nn.RMSNorm))


def _has_weights(module: nn.Module) -> bool:
    """Quantised modules keep theirs in buffers, or packed where only their file shows them."""
    tensors = any(True for _ in (*module.parameters(), *module.buffers()))
    return tensors or bool(module.state_dict())


def is_quantised(module: nn.Module) -> bool:
    """Whether weights in a module are 8-bit numbers, tensors of another kind, or packed."""
    tensors = [*module.parameters(), *module.buffers()]
    if any(type(t) not in _PLAIN or t.dtype in _PACKED for t in tensors):
        return True
    return any(not isinstance(value, Tensor) for value in module.state_dict().values())
