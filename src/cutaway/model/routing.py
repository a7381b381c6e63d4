"""How a mixture chooses its experts: found in what goes into the experts.

No name is read. The experts are the module in a block that takes rows, and numbers and weights of
as many experts for each row. Its router's scores are a known function of what some module gave
before: the one whose entries at the chosen experts the weights are in proportion to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from .block_calls import BlockCalls
from .equality import as_float64
from .fused_experts import fused_experts, is_fused
from .hooks import ModuleCall
from .layout import Port
from .structure import Routing, Scores

__all__ = ["FUNCTIONS", "find_routing", "fits", "moved", "taken_by", "weights_again"]

#: What a router makes of its logits; "given": the module gives the scores themselves.
FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda logits: logits.softmax(-1),
    "sigmoid": torch.sigmoid,
    "sqrt softplus": lambda logits: nn.functional.softplus(logits).sqrt(),
    "given": lambda scores: scores,
}
_INTEGERS = (torch.int64, torch.int32)


def find_routing(watched: BlockCalls) -> Routing | None:
    """How a block's mixture chooses; None where it has none that is called with its choice."""
    calls = [
        (call, taken)
        for call in watched.below
        if (taken := _taken(call)) is not None and watched.outside_mixing(call.path)
    ]
    if len(calls) != 1:
        return None
    call, taken = calls[0]
    ids, _ = taken_by(call.args, call.kwargs, taken)
    scores, count = _find_scores(watched, call, taken)
    if scores is None and is_fused(call.module):
        count = fused_experts(call.path, call.module).count
    return Routing(call.path, taken, count, ids.shape[1], scores) if count else None


def _taken(call: ModuleCall) -> tuple[Port, Port, Port] | None:
    """Which arguments of a call are its rows, the numbers of their experts and the weights."""
    given: list[tuple[int | str, Any]] = [*enumerate(call.args), *call.kwargs.items()]
    tensors = {key: value for key, value in given if isinstance(value, Tensor)}
    numbers = [key for key, value in tensors.items() if value.dtype in _INTEGERS]
    if len(numbers) != 1 or not _are_numbers(tensors[numbers[0]]):
        return None
    shape = tensors[numbers[0]].shape[:2]
    floats = {key: value for key, value in tensors.items() if value.is_floating_point()}
    weights = [key for key, value in floats.items() if value.shape == shape]
    rows = [key for key, value in floats.items() if value.numel() == shape[0] * value.shape[-1]]
    rows = [key for key in rows if key not in weights]
    if len(weights) != 1 or len(rows) != 1 or None not in call.outputs:
        return None
    if call.outputs[None].numel() != floats[rows[0]].numel():
        return None
    return Port(rows[0]), Port(numbers[0]), Port(weights[0])


def _are_numbers(ids: Tensor) -> bool:
    """Whether these are (N, k) numbers of experts, or (N, k, experts) with a 1 for each."""
    if ids.dim() != 3:
        return ids.dim() == 2
    return bool(((ids == 0) | (ids == 1)).all()) and bool((ids.sum(-1) <= 1).all())


def taken_by(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], taken: tuple[Port, Port, Port]
) -> tuple[Tensor, Tensor]:
    """(N, k) the numbers of each row's experts, and their weights, in a call of the experts.

    A number that is the count of experts marks a place without one.
    """
    _, ids, weights = (port.take(args, kwargs) for port in taken)
    if ids.dim() == 3:  # a row of 0s is sent to no expert
        ids = torch.where(ids.any(-1), ids.argmax(-1), ids.shape[-1])
    return ids, weights


def _find_scores(
    watched: BlockCalls, experts: ModuleCall, taken: tuple[Port, Port, Port]
) -> tuple[Scores | None, int]:
    """Where the scores come from, nearest before the experts, and how many experts they are of."""
    ids, weights = taken_by(experts.args, experts.kwargs, taken)
    before = [call for call in watched.below if call.end < experts.start]
    for call in sorted(before, key=lambda call: -call.end):
        for key, tensor in call.outputs.items():
            logits = tensor.reshape(-1, tensor.shape[-1])
            if len(logits) != len(ids) or logits.shape[1] < int(ids.max()):
                continue
            for factor in (None, *_factors(watched, call, logits.shape[1])):
                scale = None if factor is None else _parameter(watched, factor)
                found = [name for name in FUNCTIONS if fits(name, logits, ids, weights, scale)]
                if len(found) == 1:
                    return Scores(call.path, Port(key), found[0], factor), logits.shape[1]
    return None, 0


def _factors(watched: BlockCalls, call: ModuleCall, count: int) -> list[str]:
    """The parameters beside a call that have one number for each expert."""
    around = call.path.rpartition(".")[0]
    return [
        f"{path}.{name}"
        for path, module in watched.modules.items()
        if f"{path}.".startswith(f"{around}.")
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.shape == (count,) and not parameter.is_meta
    ]


def _parameter(watched: BlockCalls, path: str) -> Tensor:
    module, _, name = path.rpartition(".")
    found: Tensor = getattr(watched.modules[module], name)
    return found


def fits(
    function: str, logits: Tensor, ids: Tensor, weights: Tensor, factor: Tensor | None = None
) -> bool:
    """Whether weights are what a function of the logits makes of them.

    logits  (N, experts);  ids, weights  (N, k);  factor  (experts,) multiplies a weight, or None

    With several experts a row they must be in proportion to the scores in each row; with one, to
    the scores of all rows. An expert of weight 0 says nothing.
    """
    scores = FUNCTIONS[function](as_float64(logits))
    if not bool(((scores >= 0) & scores.isfinite()).all()):
        return False
    there = ids.cpu() < scores.shape[1]
    at = ids.cpu().long().clamp_max(scores.shape[1] - 1)
    own = scores.gather(1, at) * (1 if factor is None else as_float64(factor)[at])
    given = as_float64(weights) * there
    if given.shape[1] == 1:
        own, given = own.T, given.T
    told = (given != 0) & (own != 0)
    if bool(((given != 0) & (own == 0)).any()) or not bool((told.sum(1) > 1).any()):
        return False
    ratio = torch.where(told, given, torch.nan) / torch.where(told, own, 1.0)
    low = ratio.nan_to_num(torch.inf).amin(1)
    high = ratio.nan_to_num(-torch.inf).amax(1)
    some = told.any(1)
    bound = max(4 * torch.finfo(weights.dtype).eps, 1e-4)
    return bool(((high - low)[some] <= bound * high[some]).all())


def weights_again(watched: BlockCalls, routing: Routing) -> Tensor | None:
    """(N, k) the weights had again: the sum of each row, in the proportion of its scores.

    None where no scores are had, or only one expert is called.
    """
    if (scores := routing.scores) is None or routing.k == 1:
        return None
    experts = next(call for call in watched.below if call.path == routing.path)
    router = [c for c in watched.below if c.path == scores.path and c.end < experts.start][-1]
    ids, weights = taken_by(experts.args, experts.kwargs, routing.taken)
    logits = as_float64(router.outputs[scores.output.key]).reshape(len(ids), -1)
    own = FUNCTIONS[scores.function](logits).gather(1, ids.cpu())
    if scores.factor is not None:
        own = own * as_float64(_parameter(watched, scores.factor))[ids.cpu()]
    return own * (as_float64(weights).sum(1) / own.sum(1))[:, None]


def moved(found: Routing, move: Callable[[str | None], str | None]) -> Routing:
    """The same in another block of the kind."""
    scores = found.scores and replace(
        found.scores, path=str(move(found.scores.path)), factor=move(found.scores.factor)
    )
    return replace(found, path=str(move(found.path)), scores=scores)
