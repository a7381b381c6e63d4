"""Mixtures whose experts are one fused module: every expert's weights in one 3-D parameter.

There is no module to hook between the products, so the activations are computed again from what
the module took: each expert's own product, then the module's own gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from .hooks import Site, Turn, forward_pre_hooks
from .structure import Experts

__all__ = [
    "activations", "expert_arguments", "fused_experts", "is_fused", "outputs_from_neurons",
    "recording_fused_neurons",
]  # fmt: skip


def is_fused(module: nn.Module) -> bool:
    """Whether a module follows transformers' interface of fused experts."""
    down = getattr(module, "down_proj", None)
    return isinstance(down, Tensor) and down.dim() == 3 and hasattr(module, "has_gate")


def fused_experts(path: str, module: nn.Module) -> Experts:
    """The mixture at a path."""
    return Experts(path, *_sizes(module))


def _sizes(module: nn.Module) -> tuple[int, int]:
    """How many experts there are, and how many neurons each has."""
    count, first, second = cast("Tensor", module.down_proj).shape
    return count, first if module.is_transposed else second


def activations(module: Any, hidden: Tensor, expert_ids: Tensor) -> Tensor:
    """(N, count x width): what enters each expert's down-projection, 0 for experts not called.

    hidden      (N, d) what the mixture took
    expert_ids  (N, top) which experts each row was sent to
    """
    count, width = _sizes(module)
    result = hidden.new_zeros(len(hidden), count, width)
    for expert in sorted(set(expert_ids.flatten().tolist())):
        if expert < count:  # a larger id marks a place without expert
            rows = (expert_ids == expert).any(dim=1).nonzero()[:, 0]
            result[rows, expert] = _entering(module, expert, hidden[rows])
    return result.flatten(1)


def _entering(module: Any, expert: int, hidden: Tensor) -> Tensor:
    """(n, width): one expert's product and gate, or activation function."""
    name = "gate_up_proj" if module.has_gate else "up_proj"
    product = _product(module, name, expert, hidden)
    return cast(
        "Tensor", module._apply_gate(product) if module.has_gate else module.act_fn(product)
    )


def _product(module: Any, name: str, expert: int, rows: Tensor) -> Tensor:
    weight = getattr(module, name)[expert]
    bias = getattr(module, name + "_bias")[expert] if module.has_bias else None
    return nn.functional.linear(rows, weight.T if module.is_transposed else weight, bias)


def outputs_from_neurons(
    module: Any, neurons: Tensor, expert_ids: Tensor, weights: Tensor
) -> Tensor:
    """(N, d) what the mixture gives for its neurons: the law that proves them.

    weights  (N, top) how much of each expert's output is taken
    """
    count, width = _sizes(module)
    by_expert = neurons.reshape(-1, count, width)
    result = torch.zeros_like(_product(module, "down_proj", 0, by_expert[:, 0]))
    for expert in range(count):
        sent = expert_ids == expert
        rows = sent.any(dim=1)
        given = _product(module, "down_proj", expert, by_expert[rows, expert])
        if module.has_post_expert_norm:
            given = module.post_expert_norm(given)
        result[rows] += (weights * sent).sum(dim=1)[rows, None] * given
    return result


@contextmanager
def recording_fused_neurons(
    mixtures: Mapping[int, Site], take: Callable[[int, Tensor], None]
) -> Iterator[None]:
    """Call `take(layer, (N, count x width))` for each mixture while the model runs."""
    modules = {n: site.module if isinstance(site, Turn) else site for n, site in mixtures.items()}

    def enter(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        hidden, expert_ids = expert_arguments(args, kwargs)[:2]
        take(layer, activations(modules[layer], hidden, expert_ids))

    with forward_pre_hooks(mixtures, enter):
        yield


def expert_arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """(hidden states, expert ids, weights) of a call of the interface."""
    names = ("hidden_states", "top_k_index", "top_k_weights")
    return (*args, *(kwargs[name] for name in names[len(args) :]))
