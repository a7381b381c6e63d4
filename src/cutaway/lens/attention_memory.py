"""What computing attention weights takes in memory, the weights that are asked for included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..trace.keep import material_bytes
from ..trace.stored_source import StoredSource
from ..trace.trace import Trace
from .attention_kind import AttentionKind

__all__ = ["AttentionMemory", "attention_memory"]

#: Squares, (T, S) in float32, that one head takes while it is computed from what a file kept.
_STORED = 5
#: Squares that a model's eager attention holds of each head it computes at once: products and
#: scaled products; and of all of them together: the mask, and what is made of it.
_EAGER, _MASK = 2, 2
#: Squares that aggregates take beside the weights of the heads: a mean in float64 and the answer;
#: of a rollout also what `_mixed` holds, instead of these weights.
_REDUCED = {"mean": 3, "max": 2, "rollout": 3}
#: Squares of a rollout that are there as long as it is asked: its product and the identity, and
#: what mixing takes.
_ROLLED, _MIXED = 4, 10


@dataclass(frozen=True)
class AttentionMemory:
    """Bytes that weights of one text take.

    held     what is kept of the text as long as weights are asked of it
    square   the (T, S) weights of one head, in float32
    heads    of a block;  group  of these, how many are computed at once
    stored   whether they are computed from what a file kept, one head after the other
    """

    held: int
    square: int
    heads: int
    group: int
    stored: bool = False

    def of_heads(self, n_layers: int, n_heads: int | None = None) -> int:
        """Of some heads of some blocks, made block by block; None: all heads."""
        n = self.heads if n_heads is None else n_heads
        return self.held + self.square * ((n_layers - 1) * n + max(self._making(n), 2 * n))

    def of_aggregate(self, n_layers: int, aggregate: str) -> int:
        """Of all heads of some blocks as one."""
        most = max(self._making(self.heads), self.heads + _REDUCED[aggregate])
        if aggregate == "rollout":
            most = max(most, _MIXED) + _ROLLED
        return self.held + self.square * (n_layers - 1 + most)

    def _making(self, n: int) -> int:
        """Squares while some heads of a block are made, themselves included."""
        if self.stored:
            return n + _STORED
        return max(n, self.group) - self.group + _EAGER * self.group + _MASK


def attention_memory(
    attended: AttentionKind, layers: Sequence[int], weighting: str = "weight"
) -> AttentionMemory:
    """What weights of these blocks take.

    >>> attention_memory(attended, [0, 1]).of_heads(2, 9)  # doctest: +SKIP
    1680000000
    """
    trace, S = attended.trace, attended.keys.n_positions
    every = max(attended.heads[layer] for layer in layers)
    pairs = max(1, *(attended.kv_heads[layer] for layer in layers))
    stored = isinstance(trace.source, StoredSource)
    held = 0 if stored else _calls(attended, every, pairs)
    if weighting != "weight" and not _kept(trace, layers, cross=attended.cross):
        held += _records(attended)
    return AttentionMemory(held, 4 * trace.n_positions * S, every, every // pairs, stored)


def _records(attended: AttentionKind) -> int:
    """Bytes of the queries, keys and values of every block."""
    S = attended.keys.n_positions if attended.cross else 0
    trace = attended.trace
    return material_bytes(trace.card, trace.n_positions, ("attention",), S)["attention"]


def _calls(attended: AttentionKind, every: int, pairs: int) -> int:
    """Bytes of the same, and of what the heads gave, by which weights are proven."""
    records = _records(attended)
    return records + records * every // (every + 2 * pairs)


def _kept(trace: Trace, layers: Sequence[int], *, cross: bool) -> bool:
    calls = trace.cross_calls if cross else trace.calls
    return all(layer in calls for layer in layers)
