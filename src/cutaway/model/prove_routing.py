"""Proving what a mixture was found to choose, on another text and in every block.

Its experts are run one at a time: what each gives, times its weight, must add up to what the
mixture gave. Then these are the experts, and these weights really multiply what they give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..trace.card import Capability
from .block_parts import Parts
from .equality import close, tolerance
from .forward import as_input, forward
from .hooks import ModuleCall, fresh, module_calls
from .routing import fits, taken_by
from .structure import Block, Routing

__all__ = ["prove_routing"]

_WORDS = {
    "softmax": "a softmax of the router's logits",
    "sigmoid": "a sigmoid of the router's logits",
    "sqrt softplus": "the square root of a softplus of the router's logits",
    "given": "the scores that the router gives",
}


def prove_routing(
    model: nn.Module, first: Parts, again: Parts, token_ids: Sequence[int]
) -> tuple[tuple[Block, ...], Capability | None]:
    """The blocks with what is proven of their mixtures; None where no block has one.

    first, again  what two texts showed;  token_ids  the second of them
    """
    having = {n: block for n, block in enumerate(first.blocks) if block.routing is not None}
    why = first.lacking.get("experts") or again.lacking.get("experts")
    if not having and why is None:
        return first.blocks, None
    if why is None and [b.routing for b in first.blocks] != [b.routing for b in again.blocks]:
        why = "two texts place its choice at different modules"
    why = why or _refuted(model, having, token_ids)
    if why is not None:
        none = tuple(replace(block, routing=None) for block in first.blocks)
        return none, Capability(False, why)
    return first.blocks, Capability(True, _told([b.routing for b in having.values() if b.routing]))


def _told(found: Sequence[Routing]) -> str:
    words = "the experts' outputs, each times its weight, add up to the mixture's"
    names = dict.fromkeys(_WORDS[r.scores.function] for r in found if r.scores is not None)
    if names:
        words += f"; the weights are in proportion to {', or '.join(names)}"
    if any(routing.scores is None for routing in found):
        words += "; where they follow no known function of what a module gives, no scores are had"
    return words


def _refuted(model: nn.Module, having: Mapping[int, Block], token_ids: Sequence[int]) -> str | None:
    """What does not hold of some mixture on these tokens; None where all does."""
    routings = {block.routing.path: block.routing for block in having.values() if block.routing}
    paths = {*routings, *(r.scores.path for r in routings.values() if r.scores)}
    with module_calls({path: model.get_submodule(path) for path in paths}, arguments=True) as seen:
        forward(model, as_input(model, token_ids))
    for layer, block in having.items():
        assert block.routing is not None
        own = [call for call in seen if call.path == block.routing.path]
        for call in own:
            if not _adds_up(call, block.routing):
                return f"block {layer}: its experts, run one by one, do not add up to its mixture"
            if not _follows(model, call, block.routing, seen):
                return f"block {layer}: its weights do not follow the scores that were found"
    return None


def _adds_up(call: ModuleCall, routing: Routing) -> bool:
    """Whether the experts one at a time, times their weights, add up to what the call gave.

    Some can't be asked for one expert a row: they are asked for the same one k times.
    """
    given = call.outputs[None]
    for copies in dict.fromkeys((1, routing.k)):
        try:
            total = _one_by_one(call, routing, copies)
        except Exception:  # whatever a model raises that wants another number of experts
            continue
        return close(total, given, max(tolerance(given.dtype), 2e-5))
    return False


def _one_by_one(call: ModuleCall, routing: Routing, copies: int) -> Tensor:
    """The sum of what each expert gives times its weight, each asked for so many times at once."""
    rows, ids, weights = routing.taken
    number, weight = (port.take(call.args, call.kwargs) for port in (ids, weights))
    given = call.outputs[None]
    once = torch.zeros_like(weight[:, :copies])
    once[:, 0] = 1
    total = torch.zeros_like(given)
    for j in range(routing.k):
        args, kwargs = fresh(call.args, call.kwargs)
        for port, value in (
            (rows, call.inputs[rows.key].clone()),
            (ids, torch.cat([number[:, j : j + 1]] * copies, dim=1)),
            (weights, once.clone()),
        ):
            args, kwargs = port.give(args, kwargs, value)
        total += _spread(weight[:, j], given) * call.module(*args, **kwargs)
    return total


def _spread(weight: Tensor, given: Tensor) -> Tensor:
    """(N,) weights in the shape of what the experts give, so that each multiplies its row."""
    return weight.to(given).reshape(*given.shape[:-1], 1)


def _follows(
    model: nn.Module, call: ModuleCall, routing: Routing, seen: Sequence[ModuleCall]
) -> bool:
    """Whether the weights are what was found, of the router's last call before the experts'."""
    if (scores := routing.scores) is None:
        return True
    before = [one for one in seen if one.path == scores.path and one.end < call.start]
    logits = before[-1].outputs[scores.output.key]
    ids, weights = taken_by(call.args, call.kwargs, routing.taken)
    factor = None if scores.factor is None else model.get_parameter(scores.factor)
    return fits(scores.function, logits.reshape(len(ids), -1), ids, weights, factor)
