"""Where a residual state sits in what a module takes and gives, and on which axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

__all__ = ["Layout", "Port", "layout_of", "tensors_in", "transposed_layout_of"]


@dataclass(frozen=True)
class Layout:
    """The axes of a tensor that holds states; everything but batch and positions is the width.

    >>> Layout(batch=1, positions=0, rest=(64,)).rows(torch.zeros(11, 1, 64)).shape
    torch.Size([1, 11, 64])

    Several residual streams, (B, T, 4, d) or (4, B, T, d), are laid side by side; so are those
    that lie one after the other, (B, 4 x T, d).

    lead     rows before the first token's, which are no token's
    streams  how many streams lie one after the other
    others   whether there are rows that are no token's, before or after the text's
    """

    batch: int
    positions: int
    rest: tuple[int, ...]
    lead: int = 0
    streams: int = 1
    has_extra_rows: bool = False

    @property
    def bare(self) -> Layout:
        """The axes alone: every row by itself."""
        return Layout(self.batch, self.positions, self.rest)

    def rows(self, tensor: Tensor) -> Tensor:
        """(B, T, width) from the module's own shape; any rows after the text's too."""
        rows = tensor.movedim((self.batch, self.positions), (0, 1)).flatten(2)
        if self.streams > 1:
            apart = rows.reshape(len(rows), self.streams, -1, rows.shape[2])
            rows = apart.transpose(1, 2).flatten(2)
        return rows[:, self.lead :] if self.lead else rows

    def restore(self, rows: Tensor) -> Tensor:
        """The module's own shape from (B, T, width), where there are no other rows."""
        if self.streams > 1:
            apart = rows.reshape(*rows.shape[:2], self.streams, -1)
            rows = apart.transpose(1, 2).flatten(1, 2)
        split = rows.reshape(*rows.shape[:2], *self.rest)
        return split.movedim((0, 1), (self.batch, self.positions))

    def put(self, tensor: Tensor, rows: Tensor) -> Tensor:
        """A tensor with these (B, n, width) in the place of the text's first n rows."""
        if not self.has_extra_rows and rows.shape[1] == tensor.shape[self.positions]:
            return self.restore(rows)
        whole = replace(self, lead=0)
        old, after = whole.rows(tensor), self.lead + rows.shape[1]
        return whole.restore(torch.cat([old[:, : self.lead], rows, old[:, after:]], dim=1))


def transposed_layout_of(tensor: Tensor, n_positions: int) -> Layout | None:
    """The layout of a tensor (1, d, T), with the positions on its last axis.

    >>> transposed_layout_of(torch.zeros(1, 64, 11), 11)
    Layout(batch=0, positions=2, rest=(64,), lead=0, streams=1, has_extra_rows=False)
    """
    turned = tensor.dim() == 3 and (tensor.shape[0], tensor.shape[2]) == (1, n_positions)
    return Layout(0, 2, (tensor.shape[1],)) if turned else None


def layout_of(tensor: Tensor, n_positions: int) -> Layout | None:
    """The layout of a tensor made from one text of n_positions tokens, None where it has none.

    >>> layout_of(torch.zeros(1, 11, 4, 64), 11)
    Layout(batch=0, positions=1, rest=(4, 64), lead=0, streams=1, has_extra_rows=False)
    """
    shape = list(tensor.shape)
    if len(shape) < 3 or n_positions not in shape[:-1]:
        return None
    positions = shape.index(n_positions)
    singles = [axis for axis, size in enumerate(shape) if size == 1 and axis != positions]
    if not singles:
        return None
    rest = tuple(size for axis, size in enumerate(shape) if axis not in (singles[0], positions))
    return Layout(singles[0], positions, rest)


@dataclass(frozen=True)
class Port:
    """Which of a module's arguments, or of its results, is meant: an index or a name.

    key None means the result itself, where a module returns one tensor.
    """

    key: int | str | None

    def take(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The argument of a call."""
        return kwargs[self.key] if isinstance(self.key, str) else args[self.key or 0]

    def give(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], value: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call with this one exchanged."""
        if isinstance(self.key, str):
            return args, {**kwargs, self.key: value}
        at = self.key or 0
        return (*args[:at], value, *args[at + 1 :]), dict(kwargs)

    def read(self, output: Any) -> Any:
        """The tensor in a result."""
        return output if self.key is None else output[self.key]

    def write(self, output: Any, value: Any) -> Any:
        """The result with its tensor exchanged; the result itself is left as it is."""
        if self.key is None:
            return value
        if isinstance(output, tuple) and isinstance(self.key, int):
            parts = [*output[: self.key], value, *output[self.key + 1 :]]
            return type(output)(*parts) if hasattr(output, "_fields") else tuple(parts)
        changed = copy(output)
        changed[self.key] = value
        return changed


def tensors_in(values: Any) -> Iterator[tuple[int | str | None, Tensor]]:
    """The floating-point tensors of a result or of arguments, each with its key."""
    if isinstance(values, Tensor):
        if values.is_floating_point():
            yield None, values
    elif isinstance(values, (tuple, list)):
        yield from _floating(enumerate(values))
    elif isinstance(values, Mapping):
        yield from _floating(values.items())


def _floating(items: Any) -> Iterator[tuple[int | str | None, Tensor]]:
    for key, value in items:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            yield key, value
