"""Attention weights of a text: its calls caught once, its heads computed when asked for.

Where a block does not hand its queries and keys to transformers' attention interface, or its own
eager function answers something else than the kernel in use, it is replayed (`replay_attention`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from torch import nn

from ..core.errors import MissingError
from ..trace.card import Capability
from ..trace.source import Floats
from .eager_weights import attention_weights, scaled_to_output, weights_of_heads
from .forward import as_input, forward, inference_mode
from .kernel_calls import KernelCall, caught
from .record import numbers
from .record_attention import modules_of_blocks
from .replay_attention import Replayed, Replays
from .structure import Anatomy

__all__ = ["Attention", "attention_calls", "prove_attention", "weights"]

_NONE = "no attention is seen: no block weighs its tokens against each other, one by one"
_AMONG = (
    "its blocks read other rows with the text's, and no block is seen to weigh all of them against "
    "each other, one by one"
)
_ONE = "no block weighs the decoder's tokens but together with those of the source"
_UNSEEN = "it weighs tokens against each other in a way of its own"
_WHAT = "the attention weights"
#: How an eager function fails on arguments that only the kernel in use takes.
_FAILURES = (MissingError, RuntimeError, TypeError, AttributeError, ValueError)
#: The most weights of a block that are computed at once: 64 MB.
_WHOLE = 1 << 24


class Attention:
    """The attention of one text, to itself or to a source of n_keys tokens.

    calls   layer -> its attention call, where there is one

    >>> Attention(model, anatomy, [5, 6, 7]).weights(0, [2]).shape  # doctest: +SKIP
    (1, 3, 3)
    """

    def __init__(
        self,
        model: nn.Module,
        anatomy: Anatomy,
        token_ids: Sequence[int],
        n_keys: int | None = None,
    ) -> None:
        self.calls = attention_calls(model, anatomy, token_ids, n_keys)
        self._heads = anatomy.heads if n_keys is None else anatomy.cross_heads
        self._replays = Replays(model, anatomy, token_ids, self._heads, n_keys)

    def weights(self, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, S) float32 weights of some heads of one block.

        Raises MissingError where neither the call nor a replay gives them on this text.
        """
        reason = _UNSEEN
        if layer in self.calls:
            try:
                return weights(self.calls[layer], heads)
            except _FAILURES as refused:
                reason = _reason(refused)
        whole = self._replays.run(layer, attends=True).weights
        if whole is None or len(whole) != self._heads[layer][0]:
            raise MissingError(_WHAT, because=f"block {layer}, on this text: {reason}")
        if layer in self.calls:
            whole = scaled_to_output(self.calls[layer], whole, slice(None))
        return numbers(whole[list(heads)])


def attention_calls(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], n_keys: int | None = None
) -> dict[int, KernelCall]:
    """Layer -> its attention call on these tokens, from one pass of the model as it is.

    n_keys  the length of the source, where the attention to it is wanted

    >>> attention_calls(model, anatomy, [5, 6, 7])[0].query.shape  # doctest: +SKIP
    torch.Size([1, 4, 3, 16])
    """
    calls = _caught(model, anatomy, token_ids, n_keys)
    return {
        layer: made[0]
        for layer, made in sorted(calls.items())
        if len(made) == 1 and _obstacle(made[0], n_keys) is None
    }


def weights(call: KernelCall, heads: Sequence[int]) -> Floats:
    """(len(heads), T, S) float32 weights of some heads of one call.

    Raises MissingError where the model's eager function answers something else than its kernel.
    """
    H, T = call.query.shape[1:3]
    with inference_mode(call.module):
        if len(heads) == H and H * T * call.key.shape[2] <= _WHOLE:
            return numbers(attention_weights(call)[list(heads)])
        return _by_group(call, heads)


def _by_group(call: KernelCall, heads: Sequence[int]) -> Floats:
    """Likewise, the heads of one key-value head at a time: all those of a long text are many GB."""
    (H, T), (K, S) = call.query.shape[1:3], call.key.shape[1:3]
    found = np.empty((len(heads), T, S), dtype=np.float32)
    for group in sorted({head * K // H for head in heads}):
        own = [place for place, head in enumerate(heads) if head * K // H == group]
        found[own] = numbers(weights_of_heads(call, [heads[place] for place in own]))
    return found


def prove_attention(
    model: nn.Module,
    anatomy: Anatomy,
    token_ids: Sequence[int],
    calls: Mapping[int, Sequence[KernelCall]] | None = None,
    n_keys: int | None = None,
) -> tuple[Mapping[int, tuple[int, int]], Capability]:
    """Layer -> (heads, key-value heads) where the weights can be had exactly, and why.

    Every block's eager output must equal what its kernel answered on these tokens; the others
    are replayed. A block that attends but hides its weights refuses them all. `calls` are those
    of these tokens by layer, where they were caught already; n_keys is the length of the source,
    where the attention to it is wanted.
    """
    calls = _caught(model, anatomy, token_ids, n_keys) if calls is None else calls
    with inference_mode(model):
        heads, lacking = _weighed(calls, n_keys)
    others = [layer for layer in anatomy.stream.called if layer not in heads]
    blocks = Replays(model, anatomy, token_ids, others, n_keys)
    try:
        again = {layer: blocks.run(layer, attends=layer in calls) for layer in others}
    except Exception as refused:  # a family may fail to be copied or run again in its own way
        return {}, Capability(False, _reason(refused))
    replayed = {
        n: _counts(one, calls.get(n)) for n, one in again.items() if one.weights is not None
    }
    for layer, one in again.items():
        if layer not in replayed and (one.attends or layer in lacking):
            return {}, Capability(False, f"block {layer}: {lacking.get(layer, _UNSEEN)}")
    every = dict(sorted({**heads, **replayed}.items()))
    if not every and anatomy.cross and n_keys is None:
        return {}, Capability(False, _ONE)
    return every, _capability(anatomy, len(heads), len(replayed), every)


def _caught(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], n_keys: int | None
) -> Mapping[int, Sequence[KernelCall]]:
    modules = modules_of_blocks(model, anatomy, cross=n_keys is not None)
    with inference_mode(model), caught(modules) as calls:
        forward(model, as_input(model, token_ids), logits_to_keep=1)
    return calls


def _weighed(
    calls: Mapping[int, Sequence[KernelCall]], n_keys: int | None
) -> tuple[dict[int, tuple[int, int]], dict[int, str]]:
    """Layer -> heads and key-value heads where a caught call gives the weights, and why not."""
    heads: dict[int, tuple[int, int]] = {}
    lacking: dict[int, str] = {}
    for layer, made in calls.items():
        if len(made) > 1:
            lacking[layer] = "it attends more than once"
            continue
        obstacle = _obstacle(made[0], n_keys)
        if obstacle is not None:
            lacking[layer] = obstacle
            continue
        try:
            attention_weights(made[0])
        except _FAILURES as refused:
            lacking[layer] = _reason(refused)
        else:
            heads[layer] = made[0].query.shape[1], made[0].key.shape[1]
    return heads, lacking


def _obstacle(call: KernelCall, n_keys: int | None) -> str | None:
    """Why the keys of a call are not those of the text's or the source's positions."""
    T, S = call.query.shape[2], call.key.shape[2]
    if (T if n_keys is None else n_keys) == S:
        return None
    return f"it looks at {S} keys for {T} tokens"


def _counts(one: Replayed, made: Sequence[KernelCall] | None) -> tuple[int, int]:
    """Heads and key-value heads of a replayed block; a caught call tells its groups best."""
    assert one.weights is not None
    n_heads = len(one.weights)
    if made is None:
        return n_heads, one.n_groups
    return n_heads, n_heads * made[0].key.shape[1] // made[0].query.shape[1]


def _capability(
    anatomy: Anatomy, n_caught: int, n_replayed: int, every: Collection[int]
) -> Capability:
    if not every:
        return Capability(False, _AMONG if anatomy.stream.layout.has_extra_rows else _NONE)
    words = []
    if n_caught:
        words.append(f"{_blocks(n_caught)} the eager function's output equals the kernel's")
    if n_replayed:
        words.append(f"{_blocks(n_replayed)} they are seen to multiply the values, run again")
    if lead := anatomy.stream.layout.lead:
        words.append(f"what rows lack to 1 goes to the {lead} rows that it reads before the text")
    if without := [str(layer) for layer in anatomy.stream.called if layer not in every]:
        words.append(f"layers without attention: {', '.join(without)}")
    return Capability(True, "; ".join(words))


def _blocks(count: int) -> str:
    return f"in {count} block{'' if count == 1 else 's'}"


def _reason(refused: Exception) -> str:
    if isinstance(refused, MissingError):
        return str(refused).removeprefix(f"missing {_WHAT}: ")
    return f"it can't be run again with eager attention ({type(refused).__name__}: {refused})"
