"""Attention weights of a trace: its calls caught once, its heads computed when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn
from transformers import PreTrainedModel

from ..core.errors import MissingError
from ..trace.card import Capability
from ..trace.source import Floats
from .dispatch import Call, caught
from .structure import Anatomy
from .weigh import weigh, weigh_heads

__all__ = ["attention_calls", "head_counts", "prove_attention", "weights"]


def attention_calls(
    model: PreTrainedModel, anatomy: Anatomy, token_ids: Sequence[int]
) -> dict[int, Call]:
    """Layer -> its attention call on these tokens, from one forward pass of the model as it is."""
    from .watch import running

    with running(model), caught(_owners(model, anatomy)) as calls:
        ids = torch.tensor([list(token_ids)], device=model.device)
        model(input_ids=ids, use_cache=False)
    return calls


def weights(call: Call, heads: Sequence[int]) -> Floats:
    """(len(heads), T, T) float32 weights of some heads of one call.

    Raises MissingError where the model's eager function answers something else than its kernel.
    """
    H = call.query.shape[1]
    whole = weigh(call)[list(heads)] if len(heads) == H else weigh_heads(call, heads)
    return whole.float().cpu().numpy()


def prove_attention(
    model: PreTrainedModel, anatomy: Anatomy, token_ids: Sequence[int]
) -> tuple[dict[int, tuple[int, int]], Capability]:
    """Which blocks' weights can be had exactly: layer -> (heads, key-value heads), and why.

    Every block's eager output must equal what its kernel answered on these tokens.
    """
    try:
        calls = attention_calls(model, anatomy, token_ids)
        for call in calls.values():
            weigh(call)
    except MissingError as refused:
        return {}, Capability(False, str(refused).removeprefix("missing the attention weights: "))
    if not calls:
        return {}, Capability(False, "no block hands its attention to transformers' interface")
    return head_counts(calls), Capability(
        True, f"eager output equals the kernel's in {len(calls)} blocks"
    )


def head_counts(calls: dict[int, Call]) -> dict[int, tuple[int, int]]:
    """Layer -> how many heads and how many key-value heads."""
    return {l: (call.query.shape[1], call.key.shape[1]) for l, call in sorted(calls.items())}


def _owners(model: PreTrainedModel, anatomy: Anatomy) -> dict[nn.Module, int]:
    """Every module inside a block -> that block's layer."""
    return {
        module: layer
        for layer, block in enumerate(anatomy.blocks)
        for module in model.get_submodule(block.path).modules()
    }
