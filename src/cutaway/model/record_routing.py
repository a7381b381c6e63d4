"""Recording what the routers of a model choose, while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from .hooks import forward_hooks, forward_pre_hooks
from .routing import FUNCTIONS, taken_by
from .sites import site
from .structure import Block

__all__ = ["recording_routing"]


@contextmanager
def recording_routing(
    model: nn.Module, blocks: Mapping[int, Block], take: Callable[[int, Tensor], None]
) -> Iterator[None]:
    """Call `take(layer, (N, count + 2 k))` for each mixture while the model runs.

    Each row has the score of every expert (where they are had, else k + k numbers are all), the
    numbers of those chosen, and their weights.
    """
    found = {n: block.routing for n, block in blocks.items() if block.routing is not None}
    experts = {n: site(model, blocks[n], routing.path) for n, routing in found.items()}
    routers = {
        n: site(model, blocks[n], routing.scores.path)
        for n, routing in found.items()
        if routing.scores is not None
    }
    logits: dict[int, Tensor] = {}

    def leave(layer: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        scores = found[layer].scores
        assert scores is not None
        logits[layer] = scores.output.read(output)

    def enter(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids, weights = taken_by(args, kwargs, found[layer].taken)
        parts = [ids.float(), weights.float()]
        if (scores := found[layer].scores) is not None:
            given = logits.pop(layer).reshape(len(ids), -1)
            parts.insert(0, FUNCTIONS[scores.function](given.float()))
        take(layer, torch.cat(parts, dim=1))

    with forward_hooks(routers, leave), forward_pre_hooks(experts, enter):
        yield
