"""Experts: what was recorded is what a mixture's experts took, and a score its model computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .check_neurons import call_of
from .survey import IDS, Found, run_plain

__all__ = ["check_experts"]

_SCORES = ("softmax", "sigmoid", "sqrt")


def check_experts(found: Found) -> None:
    """The numbers and weights are those that the experts took; the scores, the model's own."""
    recorded = found.trace.materials.get("experts", {})
    known = found.lm.card.capabilities.get("experts")
    assert bool(recorded) == (known is not None and known.proven)
    if not recorded:
        return
    with _Seen() as seen:
        run_plain(found.model)
    for layer, rows in recorded.items():
        count, k, scores = found.lm.card.routers[layer]
        kept = torch.from_numpy(rows.copy())
        assert kept.shape == (len(IDS), (count if scores else 0) + 2 * k)
        routing = found.lm.anatomy.blocks[layer].routing
        assert routing is not None
        args, kwargs, _ = call_of(found, routing.path, layer)
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        (ids,) = [value for value in tensors if not value.is_floating_point()]
        if ids.dim() == 3:  # a 1 for each expert; without any, none is called
            ids = torch.where(ids.any(-1), ids.argmax(-1), count)
        assert torch.equal(kept[:, -2 * k : -k].long(), ids)
        assert any(
            value.shape == ids.shape and torch.equal(kept[:, -k:], value.float())
            for value in tensors
            if value.is_floating_point()
        )
        made = seen.of(count)
        if scores and made:  # some take the softmax of the chosen experts' logits alone
            assert min((kept[:, :count] - one).abs().max() for one in made) <= 1e-5


class _Seen(TorchFunctionMode):
    """Every result of a softmax, a sigmoid or a root while the model runs."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in _SCORES and isinstance(result, Tensor):
            self.results.append(result.detach().clone())
        return result

    def of(self, count: int) -> list[Tensor]:
        """Those with a number for each expert at each token."""
        return [
            one.reshape(-1, count).float()
            for one in self.results
            if one.dim() and one.shape[-1] == count and one.numel() == len(IDS) * count
        ]
