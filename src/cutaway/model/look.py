"""One block's calls on one text, as the rules of parts, inside and sign look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from .fit import close, exactly, tolerance
from .layout import Layout, Port, layout_of
from .watch import Call

__all__ = ["Look"]

#: How far a row may move when another one changes and nothing is mixed: products of other sizes.
_OTHER_ROWS = 1e-4


@dataclass(frozen=True)
class Look:
    """What was seen of one block.

    path         the block
    entry, exit  where its state goes in and comes out
    layout       the axes of that tensor
    calls        the calls of the block and of everything in it, in order of their starts
    n_positions  T
    mixers       classes that mix positions in some other block
    """

    path: str
    entry: Port
    exit: Port
    layout: Layout
    calls: Sequence[Call]
    n_positions: int
    mixers: frozenset[type] = frozenset()

    @cached_property
    def whole(self) -> Call:
        """The call of the block itself."""
        return next(call for call in self.calls if call.path == self.path)

    @cached_property
    def below(self) -> list[Call]:
        """The calls of what is in the block."""
        return [call for call in self.calls if call.path != self.path]

    @cached_property
    def mixing(self) -> frozenset[str]:
        """The modules in the block that mix positions, such as attention."""
        return frozenset(
            call.path
            for call in self.below
            if type(call.module) in self.mixers or self._mixes(call)
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

    def taken(self, call: Call) -> list[tuple[int | str | None, Tensor]]:
        """The (T, n) rows among a call's arguments, by their key."""
        pairs = ((key, self.rows(tensor)) for key, tensor in call.inputs.items())
        return [(key, rows) for key, rows in pairs if rows is not None]

    def made(self, call: Call) -> list[Tensor]:
        """The (T, n) rows among a call's results."""
        found = (self.rows(tensor) for tensor in call.outputs.values())
        return [rows for rows in found if rows is not None]

    def outside_mixing(self, path: str) -> bool:
        """Whether no module that holds this one mixes positions."""
        return not any(path.startswith(mixing + ".") for mixing in self.mixing)

    def again(self, call: Call, key: int | str | None, value: Tensor) -> list[Tensor]:
        """The rows a module gives when it takes another value at one argument."""
        args, kwargs = Port(key).give(call.args, call.kwargs, value)
        output = call.module(*args, **kwargs)
        results = (Port(out).read(output) for out in call.outputs)
        return [rows for rows in map(self.rows, results) if rows is not None]

    def is_linear(self, call: Call) -> bool:
        """Whether a module is a product with a matrix, and a bias: what it gives adds up.

        f(a) + f(b) == f(a + b) + f(0) for two parts of what it took; true of no norm.
        """
        taken = self.taken(call)
        if len(taken) != 1 or not self.made(call) or not _has_weights(call.module):
            return False
        key, x = taken[0][0], call.inputs[taken[0][0]].clone()
        part = x.clone()
        part[..., ::2] = 0
        f0, fx, fa, fb = (
            exactly(self.again(call, key, value)[0]) for value in (0 * x, x, part, x - part)
        )
        return close(fa + fb - f0, fx, tolerance(x.dtype))

    def _mixes(self, call: Call) -> bool:
        """Whether another value at position 0 changes what the module gives after it."""
        key = next((key for key, _ in self.taken(call)), None)
        if key is None or not self.made(call) or _is_pointwise(call.module):
            return False
        other = call.inputs[key].clone()
        axes = self._axes(other)
        first = other.select(0 if axes is None else axes.positions, 0)
        first.copy_(1 - first)
        try:
            before, after = (self.again(call, key, x) for x in (call.inputs[key].clone(), other))
        except Exception:
            return True  # what can't be run twice may do anything with positions
        return any(
            not close(b[1:], a[1:], max(tolerance(a.dtype), _OTHER_ROWS))
            for a, b in zip(before, after, strict=True)
        )


def _is_pointwise(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, nn.LayerNorm, nn.Dropout, nn.Identity, nn.RMSNorm))


def _has_weights(module: nn.Module) -> bool:
    """Quantised modules keep theirs in buffers."""
    return any(True for _ in module.parameters()) or any(True for _ in module.buffers())
