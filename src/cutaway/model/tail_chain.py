"""Finding the chain of modules from the last block's state to the logits, by their values.

The search goes backward from the logits: a module whose result is the logits (but for a scale, a
soft-cap or unused entries), then one whose result is what that module took, down to the state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .blocks import BlockList
from .constants import Cap, Columns, Scale, fit_after, fit_scale
from .equality import close, equal, tolerance
from .hooks import ModuleCall
from .layout import Layout, Port, layout_of
from .tail import ChainLink, ChainTail
from .widened import Widened

__all__ = ["find_chain"]

Step = ChainLink | Scale | Columns
#: The kinds of weights that are matrices of numbers, and no packed ones.
_PLAIN = (nn.Parameter, Widened)


@dataclass(frozen=True)
class _Text:
    """Which rows of a tensor are the text's, where others stand around them.

    n       tokens of the text
    n_rows  rows of a tensor that holds others, too
    lead    how many of these come first
    """

    n: int
    n_rows: int
    lead: int

    def axes(self, tensor: Tensor) -> Layout | None:
        """The layout of a tensor with the text's rows, or with all."""
        return layout_of(tensor, self.n) or layout_of(tensor, self.n_rows)

    def taken(self, link: ChainLink, call: ModuleCall) -> Tensor:
        """(T, n) of what a link took."""
        return self._own(link.layout.rows(call.inputs[link.entry.key])[0])

    def given(self, link: ChainLink, call: ModuleCall) -> Tensor:
        """(T, n) of what a link gave."""
        return self._own(link.out_layout.rows(call.outputs[link.exit.key])[0])

    def _own(self, rows: Tensor) -> Tensor:
        return rows if len(rows) == self.n else rows[self.lead : self.lead + self.n]


def find_chain(
    blocks: BlockList, calls: Sequence[ModuleCall], logits: Tensor, n_positions: int
) -> ChainTail | None:
    """The tail of a model from the calls of one pass; None where it is no chain of modules.

    logits  (T, V) of that pass
    """
    last, text = blocks.called[-1], _Text(n_positions, blocks.n_rows, blocks.layout.lead)
    state = blocks.states(n_positions)[-1][0]
    later = [call for call in calls if call.start > last.end]
    for inner in reversed(later):
        call = _adapter(later, inner)
        head = _as_link(call, text)
        ending = None if head is None else _ending(text.given(head, call), logits)
        if head is None or ending is None:
            continue
        taken, before = text.taken(head, call), _before(later, call)
        links = _links(state, taken, before, text)
        for cut in _cuts(blocks) if links is None else ():
            if (rest := _links(cut(state), taken, before, text)) is not None:
                links = [cut, *rest]
                break
        if links is not None:
            dtype = last.outputs[blocks.exit.key].dtype
            plain = _is_plain(head.module, taken, text.given(head, call))
            return ChainTail(tuple(links), head, plain, logits.shape[1], ending, dtype)
    return None


def _adapter(calls: Sequence[ModuleCall], call: ModuleCall) -> ModuleCall:
    """The call around this one that takes and gives the same and has weights beside: an adapter.

    It may do nothing yet, and something when it has learnt; a call without one is itself.
    """
    for outer in calls:
        own = [other for other in calls if outer.start < other.start and other.end < outer.end]
        beside = (o for o in own if not (call.start <= o.start and o.end <= call.end))
        if (
            call in own
            and _alike(outer.inputs, call.inputs)
            and _alike(outer.outputs, call.outputs)
            and any(any(True for _ in other.module.parameters()) for other in beside)
        ):
            return outer
    return call


def _alike(a: Mapping[int | str | None, Tensor], b: Mapping[int | str | None, Tensor]) -> bool:
    return len(a) == len(b) == 1 and equal(*a.values(), *b.values())


def _cuts(blocks: BlockList) -> list[Columns]:
    """The streams that a head may take of those that lie side by side: neighbours, most first."""
    n, each = blocks.layout.streams, math.prod(blocks.layout.rest)
    spans = [(a, b) for a in range(n) for b in range(a + 1, n + 1) if b - a < n]
    return [Columns(a * each, b * each) for a, b in sorted(spans, key=lambda ab: ab[0] - ab[1])]


def _ending(product: Tensor, logits: Tensor) -> tuple[Scale | Cap, ...] | None:
    if product.shape[0] != logits.shape[0] or product.shape[1] < logits.shape[1]:
        return None
    return fit_after(product[:, : logits.shape[1]], logits)


def _links(
    state: Tensor, target: Tensor, calls: Sequence[ModuleCall], text: _Text
) -> list[Step] | None:
    """The steps from the state to the target, both (T, n)."""
    if equal(state, target):
        return []
    if (scale := fit_scale(state, target)) is not None:
        return [scale]
    for call in reversed(calls):
        link = _as_link(call, text)
        if link is None:
            continue
        given = text.given(link, call)
        scale = None if equal(given, target) else fit_scale(given, target)
        if scale is None and not equal(given, target):
            continue
        before = _links(state, text.taken(link, call), _before(calls, call), text)
        if before is not None:
            return [*before, link, *([scale] if scale else [])]
    return None


def _before(calls: Sequence[ModuleCall], call: ModuleCall) -> list[ModuleCall]:
    return [other for other in calls if other.end < call.start]


def _as_link(call: ModuleCall, text: _Text) -> ChainLink | None:
    """A call that took one tensor and gave one, both with a row per position."""
    if len(call.inputs) != 1 or not call.outputs:
        return None
    entry, exit_ = next(iter(call.inputs)), next(iter(call.outputs))
    layout, out_layout = text.axes(call.inputs[entry]), text.axes(call.outputs[exit_])
    if layout is None or out_layout is None:
        return None
    return ChainLink(call.path, call.module, Port(entry), layout, Port(exit_), out_layout)


def _is_plain(head: nn.Module, taken: Tensor, given: Tensor) -> bool:
    """Whether the head is a product with a (V, d) weight of its own that is there.

    Not if quantised, and not if an adapter stands around it, which may learn later.
    """
    own = dict(head.named_parameters(recurse=False))
    weight, bias = own.get("weight"), own.get("bias")
    if weight is None or type(weight) not in _PLAIN:
        return False
    if weight.is_meta or weight.dtype != taken.dtype:
        return False
    if weight.shape != (given.shape[1], taken.shape[1]):
        return False
    return close(nn.functional.linear(taken, weight, bias), given, tolerance(torch.float32))
