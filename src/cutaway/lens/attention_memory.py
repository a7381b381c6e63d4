"""What computing attention weights takes in memory, beside the weights that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..trace.keep import sizes
from .attention_kind import AttentionKind

__all__ = ["attention_memory"]

#: Squares that eager attention holds of each head it computes: scores, masked scores, weights.
_EAGER = 3
#: Squares in float32 that an aggregate takes: a mean in float64; a rollout's product, and the next.
_AGGREGATE = {"mean": 2, "max": 1, "rollout": 10}


def attention_memory(
    attended: AttentionKind, layers: Sequence[int], weighting: str, aggregate: str | None = None
) -> Callable[..., int]:
    """How many layers, how many heads of each -> bytes taken while they are computed one by one.

    >>> attention_memory(attended, [0, 1], "weight")(2, 9)  # doctest: +SKIP
    1680000000

    Without a number of heads all of a block are meant.
    """
    T, S = attended.trace.n_positions, attended.keys.n_positions
    every = max(attended.heads[layer] for layer in layers)
    pairs = max(1, *(attended.kv_heads[layer] for layer in layers))
    kept = sizes(attended.trace.card, T, ("attention",), S if attended.cross else 0)["attention"]
    calls = kept + kept * every // (every + 2 * pairs)  # and what the heads gave, to prove them
    copies = 1 if weighting == "weight" else 2

    def bytes_of(n_layers: int, n_heads: int = every) -> int:
        held = copies * n_heads
        if aggregate is not None:
            held += _AGGREGATE[aggregate]
        elif n_layers == 1:  # the only block's weights are the answer itself
            held -= n_heads
        return calls + 4 * T * S * (held + _EAGER * every // pairs)

    return bytes_of
