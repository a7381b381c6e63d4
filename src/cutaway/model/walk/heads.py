"""Where queries, keys and values lie in what the projections gave: apart, side by side, mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..block_calls import BlockCalls
from ..constants import fit_scale
from ..equality import equal
from ..hooks import ModuleCall

__all__ = ["HeadColumns", "Located", "as_rows", "head_columns", "locate", "per_head"]

#: (N, n) what a projection gave -> (N, heads, d) the part that is meant.
Take = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class HeadColumns:
    """A part of a projection's output, split into heads."""

    words: str
    take: Take


@dataclass(frozen=True)
class Located:
    """A projection's call, the part of its output, and what it is multiplied by."""

    call: ModuleCall
    cut: HeadColumns
    factor: float


def locate(
    target: Tensor, projections: Sequence[ModuleCall], watched: BlockCalls, groups: int
) -> Located | None:
    """The projection whose output holds the (T, heads, d) target, or a multiple of it."""
    for call in projections:
        rows = watched.made(call)[0]
        for cut in head_columns(rows.shape[1], target.shape[1], target.shape[2], groups):
            part = cut.take(rows)
            if part.shape != target.shape:
                continue
            if equal(part, target):
                return Located(call, cut, 1.0)
            if (scale := fit_scale(part, target)) is not None:
                return Located(call, cut, scale.factor)
    return None


def head_columns(n: int, heads: int, d: int, groups: int) -> Iterator[HeadColumns]:
    """Every way in which heads of d entries are laid out in n columns."""
    for first in range(0, n - heads * d + 1, d):
        last = first + heads * d
        whole = first == 0 and last == n
        words = "" if whole else f", columns {first}–{last - 1}"
        yield HeadColumns(words, _columns(first, last, heads, d))
    if n % (groups * d) == 0:
        width = n // (groups * d)  # entries of one group: its queries, a key, a value
        for first in range(width):
            count = heads // groups
            if first + count <= width:
                words = f", parts {first}–{first + count - 1} of {width} of each group of heads"
                yield HeadColumns(words, _mixed(groups, width, first, count, heads, d))


def _columns(first: int, last: int, heads: int, d: int) -> Take:
    return lambda rows: rows[:, first:last].reshape(len(rows), heads, d)


def _mixed(groups: int, width: int, first: int, count: int, heads: int, d: int) -> Take:
    def take(rows: Tensor) -> Tensor:
        split = rows.reshape(len(rows), groups, width, d)
        return split[:, :, first : first + count].reshape(len(rows), heads, d)

    return take


def per_head(tensor: Tensor, heads: int, d: int, n_positions: int) -> Tensor | None:
    """(T, heads, d) of a tensor over one text in any of its usual shapes, None for others."""
    shape = tuple(tensor.shape)
    if shape in ((1, n_positions, heads * d), (1, n_positions, heads, d)):
        return tensor[0].reshape(n_positions, heads, d)
    if shape == (1, heads, n_positions, d):
        return tensor[0].movedim(0, 1)
    return tensor if shape == (n_positions, heads, d) else None


def as_rows(array: object) -> Tensor:
    """(heads, T, d) numbers -> (T, heads, d)."""
    return torch.as_tensor(array).movedim(0, 1)
