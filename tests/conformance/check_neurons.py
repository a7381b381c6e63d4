"""Neurons: what was recorded is what the down-projections took, and what the experts gave."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import torch

from cutaway.model.fused_experts import expert_arguments

from .rows import text_rows
from .survey import IDS, Found, run_plain

__all__ = ["check_neurons"]


def check_neurons(found: Found) -> None:
    """What was recorded of each block is what its down-projections took, or its experts gave."""
    recorded = found.trace.materials.get("neurons", {})
    assert bool(recorded) == found.lm.card.capabilities["neurons"].proven
    for layer, rows in recorded.items():
        block = found.lm.anatomy.blocks[layer]
        assert rows.shape == (len(IDS), block.neurons)
        if block.experts is not None:
            check_mixture(found, layer)
        if block.down is not None:
            check_down(found, layer)


def check_down(found: Found, layer: int) -> None:
    block = found.lm.anatomy.blocks[layer]
    args, kwargs, _ = call_of(found, block.down or "", layer)
    taken = next(iter((*args, *kwargs.values())))
    rows = text_rows(found.family, taken, len(IDS))
    own = found.trace.materials["neurons"][layer][:, -rows.shape[1] :]
    np.testing.assert_array_equal(own, rows.numpy())


def check_mixture(found: Found, layer: int) -> None:
    """Each token's output is had again from its experts' neurons, their weights and the router."""
    experts = found.lm.anatomy.blocks[layer].experts
    assert experts is not None
    module: Any = found.model.get_submodule(experts.path)
    args, kwargs, given = call_of(found, experts.path, layer)
    _, ids, weights = expert_arguments(args, kwargs)
    n = experts.count * experts.width
    neurons = torch.from_numpy(found.trace.materials["neurons"][layer][:, :n])
    neurons = neurons.reshape(-1, experts.count, experts.width)
    down = module.down_proj if module.is_transposed else module.down_proj.mT
    outputs = torch.einsum("tew,ewd->ted", neurons.double(), down.double())
    if module.has_bias:
        outputs = outputs + module.down_proj_bias.double()
    if getattr(module, "has_post_expert_norm", False):
        outputs = module.post_expert_norm(outputs.float()).double()
    shares = torch.zeros(len(IDS), experts.count + 1, dtype=torch.float64)
    shares.scatter_add_(1, ids.clamp(max=experts.count), weights.double())
    again = torch.einsum("te,ted->td", shares[:, :-1], outputs)
    assert (again - given.reshape(again.shape)).abs().max() <= 1e-4 * given.abs().max()


def call_of(found: Found, path: str, layer: int) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """What the module at a path took and gave in the model's own pass: in the turn of a layer."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any], Any]] = []
    handle = found.model.get_submodule(path).register_forward_hook(
        lambda _, args, kwargs, out: calls.append(deepcopy((args, kwargs, out))),
        with_kwargs=True,
    )
    try:
        run_plain(found.model)
    finally:
        handle.remove()
    turns = [n for n, block in enumerate(found.paths) if block == found.paths[layer]]
    return calls[turns.index(layer)]
