"""Finding the chain of modules from the last block's state to the logits, by their values.

The search goes backward from the logits: a module whose result is the logits (but for a scale, a
soft-cap or unused entries), then one whose result is what that module took, down to the state.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .blocks import BlockList
from .fit import Cap, Scale, close, fit_after, fit_scale, same, tolerance
from .layout import Port, layout_of
from .tail import ChainTail, Link
from .watch import Call

__all__ = ["find_chain"]

Step = Link | Scale


def find_chain(
    blocks: BlockList, calls: Sequence[Call], logits: Tensor, n_positions: int
) -> ChainTail | None:
    """The tail of a model from the calls of one pass; None where it is no chain of modules.

    logits  (T, V) of that pass
    """
    last = blocks.called[-1]
    state = blocks.states()[-1][0]
    later = [call for call in calls if call.start > last.end]
    for call in reversed(later):
        head = _as_link(call, n_positions)
        ending = None if head is None else _ending(head, call, logits)
        if head is None or ending is None:
            continue
        taken = _taken(head, call)
        links = _links(state, taken, _before(later, call), n_positions)
        if links is not None:
            dtype = last.outputs[blocks.exit.key].dtype
            plain = _is_plain(head.module, taken, _given(head, call))
            return ChainTail(tuple(links), head, plain, logits.shape[1], ending, dtype)
    return None


def _ending(head: Link, call: Call, logits: Tensor) -> tuple[Scale | Cap, ...] | None:
    product = _given(head, call)
    if product.shape[0] != logits.shape[0] or product.shape[1] < logits.shape[1]:
        return None
    return fit_after(product[:, : logits.shape[1]], logits)


def _links(
    state: Tensor, target: Tensor, calls: Sequence[Call], n_positions: int
) -> list[Step] | None:
    """The steps from the state to the target, both (T, n)."""
    if same(state, target):
        return []
    if (scale := fit_scale(state, target)) is not None:
        return [scale]
    for call in reversed(calls):
        link = _as_link(call, n_positions)
        if link is None:
            continue
        given = _given(link, call)
        scale = None if same(given, target) else fit_scale(given, target)
        if scale is None and not same(given, target):
            continue
        before = _links(state, _taken(link, call), _before(calls, call), n_positions)
        if before is not None:
            return [*before, link, *([scale] if scale else [])]
    return None


def _before(calls: Sequence[Call], call: Call) -> list[Call]:
    return [other for other in calls if other.end < call.start]


def _as_link(call: Call, n_positions: int) -> Link | None:
    """A call that took one tensor and gave one, both with a row per position."""
    if len(call.inputs) != 1 or not call.outputs:
        return None
    entry, exit_ = next(iter(call.inputs)), next(iter(call.outputs))
    layout = layout_of(call.inputs[entry], n_positions)
    out_layout = layout_of(call.outputs[exit_], n_positions)
    if layout is None or out_layout is None:
        return None
    return Link(call.path, call.module, Port(entry), layout, Port(exit_), out_layout)


def _taken(link: Link, call: Call) -> Tensor:
    return link.layout.rows(call.inputs[link.entry.key])[0]


def _given(link: Link, call: Call) -> Tensor:
    return link.out_layout.rows(call.outputs[link.exit.key])[0]


def _is_plain(head: nn.Module, taken: Tensor, given: Tensor) -> bool:
    """Whether the head is a product with a (V, d) weight that is there: not if quantised."""
    weight, bias = getattr(head, "weight", None), getattr(head, "bias", None)
    if not isinstance(weight, Tensor) or weight.is_meta or weight.dtype != taken.dtype:
        return False
    if weight.shape != (given.shape[1], taken.shape[1]):
        return False
    return close(nn.functional.linear(taken, weight, bias), given, tolerance(torch.float32))
