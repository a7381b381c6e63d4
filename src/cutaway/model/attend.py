"""Attention weights of a text: its calls caught once, its heads computed when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from ..core.errors import MissingError
from ..trace.card import Capability
from ..trace.source import Floats
from .dispatch import Call, caught
from .forward import as_input, forward, resting
from .record import numbers
from .structure import Anatomy
from .weigh import weigh, weigh_heads

__all__ = ["attention_calls", "prove_attention", "weights"]

_NONE = "no block of this model hands queries and keys to transformers' attention interface"
_TWICE = "a block attends more than once"


def attention_calls(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]
) -> dict[int, Call]:
    """Layer -> its attention call on these tokens, from one pass of the model as it is.

    >>> attention_calls(model, anatomy, [5, 6, 7])[0].query.shape  # doctest: +SKIP
    torch.Size([1, 4, 3, 16])
    """
    with resting(model), caught(_owners(model, anatomy)) as calls:
        forward(model, as_input(model, token_ids), logits_to_keep=1)
    return {layer: made[0] for layer, made in sorted(calls.items()) if len(made) == 1}


def weights(call: Call, heads: Sequence[int]) -> Floats:
    """(len(heads), T, T) float32 weights of some heads of one call.

    Raises MissingError where the model's eager function answers something else than its kernel.
    """
    with resting(call.module):
        whole = len(heads) == call.query.shape[1]
        found: Tensor = weigh(call)[list(heads)] if whole else weigh_heads(call, heads)
        return numbers(found)


def prove_attention(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]
) -> tuple[Mapping[int, tuple[int, int]], Capability]:
    """Layer -> (heads, key-value heads) where the weights can be had exactly, and why.

    Every block's eager output must equal what its kernel answered on these tokens.
    """
    calls: dict[int, list[Call]]
    with resting(model), caught(_owners(model, anatomy)) as calls:
        forward(model, as_input(model, token_ids), logits_to_keep=1)
        if not calls:
            return {}, Capability(False, _NONE)
        if any(len(made) > 1 for made in calls.values()):
            return {}, Capability(False, _TWICE)
        found = {layer: made[0] for layer, made in sorted(calls.items())}
        try:
            for call in found.values():
                weigh(call)
        except (MissingError, RuntimeError, TypeError) as refused:
            return {}, Capability(False, _reason(refused))
    heads = {layer: (call.query.shape[1], call.key.shape[1]) for layer, call in found.items()}
    return heads, Capability(
        True, f"in {len(heads)} blocks the eager function's output equals the kernel's"
    )


def _reason(refused: Exception) -> str:
    if isinstance(refused, MissingError):
        return str(refused).removeprefix("missing the attention weights: ")
    return f"the model's eager attention function fails on the kernel's arguments ({refused})"


def _owners(model: nn.Module, anatomy: Anatomy) -> dict[nn.Module, int]:
    """Every module inside a block -> that block's layer."""
    return {
        module: layer
        for layer, block in enumerate(anatomy.blocks)
        for module in model.get_submodule(block.path).modules()
    }
