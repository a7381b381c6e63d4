"""What one block's attention worked on: queries, keys, values, and all that shapes its weights.

Weights are functions of this record alone, so that a saved trace answers them without its model.
Whoever makes a record proves first that it gives the weights of the model's own eager function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .source import Floats

__all__ = ["AttentionCall", "Layout", "Rotary"]

#: Which entries the rotary embedding turns together: i with i + r/2, or 2i with 2i + 1.
Layout = Literal["half", "interleaved"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rotary:
    """Queries and keys before the rotary embedding, and the angles that turn them.

    turned_query  (H, T, d) after it, as they meet;  turned_key  (K, T, d)
    cos     (T, r), sin (T, r): the first r of d entries are turned, the rest pass; the two entries
            turned together share their angle
    layout  which entries are turned together: "half" (i with i + r/2) or "interleaved" (2i, 2i+1)
    """

    turned_query: Floats
    turned_key: Floats
    cos: Floats
    sin: Floats
    layout: Layout = "half"

    @property
    def query(self) -> Floats:
        """(H, T, d) the queries before it: turned back whenever they are asked for."""
        return self._back(self.turned_query)

    @property
    def key(self) -> Floats:
        """(K, T, d) the keys before it."""
        return self._back(self.turned_key)

    def turned(self, rows: Floats) -> Floats:
        """(..., T, d) rows after the rotation: rows * cos + partner * sin."""
        return self._rotated(rows, self.cos, self.sin)

    def _back(self, rows: Floats) -> Floats:
        length = self.cos**2 + self.sin**2  # not 1 where the angles carry a factor, as in YaRN
        return self._rotated(rows, self.cos / length, -self.sin / length)

    def _rotated(self, rows: Floats, cos: Floats, sin: Floats) -> Floats:
        r = cos.shape[-1]
        head, rest = rows[..., :r], rows[..., r:]
        if self.layout == "half":
            partner = np.concatenate([-head[..., r // 2 :], head[..., : r // 2]], axis=-1)
        else:
            partner = np.stack([-head[..., 1::2], head[..., ::2]], axis=-1).reshape(head.shape)
        return np.concatenate([head * cos + partner * sin, rest], axis=-1)


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """One block's attention over one text; float32, T positions, H heads, K key-value heads.

    The keys are those of the S = T positions of the text itself or, of a decoder that reads a
    source, of its S positions.

    query    (H, T, d) as they meet the keys, after rotary embedding
    key      (K, S, d), value (K, S, dv): head h uses key-value head h // (H // K)
    scale    what a dot product is multiplied by
    causal   whether no token sees a later one
    window   how many tokens each sees, itself included; None where no bound shows in this text
    hidden   (1 or H, T, S) True where a query may not look, besides causal and window; or None
    bias     (1 or H, T, S) numbers added to the scores (position biases); or None
    cap      soft-cap: scores become cap * tanh(score / cap) before bias and mask; or None
    sinks    (H,) scores that lie on no token and take their share of each row; or None
    written  (H, S) the L2 norm of what head h would write for a weight of 1 on token t: its value
             through the output projection, without bias, before any norm or factor that the block
             puts on the sum of its heads; None where it was not proven
    rotary   the queries and keys before rotary embedding; None where there is none, or it was not
             proven
    """

    query: Floats
    key: Floats
    value: Floats
    scale: float
    causal: bool = True
    window: int | None = None
    hidden: Flags | None = None
    bias: Floats | None = None
    cap: float | None = None
    sinks: Floats | None = None
    written: Floats | None = None
    rotary: Rotary | None = None

    @property
    def n_heads(self) -> int:
        """H, the number of query heads."""
        return int(self.query.shape[0])

    def group(self, head: int) -> int:
        """The key-value head that a query head uses."""
        return head // (self.n_heads // len(self.key))

    def products(self, heads: Sequence[int]) -> Floats:
        """(n, T, S) the plain dot products of queries with keys."""
        keys = self.key[[self.group(head) for head in heads]]
        found: Floats = self.query[list(heads)] @ keys.swapaxes(-1, -2)
        return found

    def scores(self, heads: Sequence[int]) -> Floats:
        """(n, T, S) what goes into the softmax: scaled, capped, biased; -inf where hidden."""
        scores = self.products(heads) * np.float32(self.scale)
        if self.cap is not None:
            scores = self.cap * np.tanh(scores / self.cap)
        if self.bias is not None:
            scores = scores + _of_heads(self.bias, heads)
        return np.where(self.blocked(heads), -np.inf, scores).astype(np.float32)

    def blocked(self, heads: Sequence[int]) -> Flags:
        """(1 or n, T, S) True where a query may not look."""
        T, S = self.query.shape[1], self.key.shape[1]
        query, key = np.ogrid[:T, :S]
        blocked = np.zeros((1, T, S), dtype=bool)
        if self.causal:
            blocked |= key > query
        if self.window is not None:
            blocked |= key <= query - self.window
        if self.hidden is not None:
            blocked = blocked | _of_heads(self.hidden, heads)
        return blocked

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays that make this record, by name: what a file has to hold of it."""
        held = {name: getattr(self, name) for name in _ARRAYS}
        if self.rotary is not None:
            held |= {"cos": self.rotary.cos, "sin": self.rotary.sin}
        return {name: array for name, array in held.items() if array is not None}

    def weights(self, heads: Sequence[int]) -> Floats:
        """(n, T, S) the attention weights; rows sum to 1, or to less where there are sinks."""
        whole = np.empty((len(heads), self.query.shape[1], self.key.shape[1]), dtype=np.float32)
        for place, head in enumerate(heads):  # one in float64 at a time
            whole[place] = self._weights(head)
        return whole

    def _weights(self, head: int) -> Floats:
        """(T, S) float64"""
        scores = self.scores([head])[0].astype(np.float64)
        largest = scores.max(axis=-1, keepdims=True)
        if self.sinks is not None:
            largest = np.maximum(largest, self.sinks[head])
        largest = np.where(np.isfinite(largest), largest, 0)
        exps = np.exp(np.subtract(scores, largest, out=scores), out=scores)
        total = exps.sum(axis=-1, keepdims=True)
        if self.sinks is not None:
            total = total + np.exp(self.sinks[head] - largest)
        total[total == 0] = np.inf  # a query that sees nothing
        weights: Floats = np.divide(exps, total, out=exps)
        return weights

    def row(self, at: int) -> AttentionCall:
        """The same call with the query of one position alone: (H, 1, d); no rotary embedding.

        >>> call.row(3).weights([0])[0, 0]  # doctest: +SKIP
        array([0.7, 0.1, 0.1, 0.1, 0. ], dtype=float32)
        """
        own, heads = slice(at, at + 1), range(self.n_heads)
        return replace(
            self,
            query=self.query[:, own],
            causal=False,
            window=None,
            hidden=self.blocked(heads)[:, own],
            bias=None if self.bias is None else self.bias[:, own],
            rotary=None,
        )

    def value_norms(self) -> Floats:
        """(H, S) the L2 norm of the value that each head reads from each token."""
        norms: Floats = np.linalg.norm(self.value.astype(np.float64), axis=-1)
        groups = [self.group(head) for head in range(self.n_heads)]
        return norms[groups].astype(np.float32)


_ARRAYS = ("query", "key", "value", "hidden", "bias", "sinks", "written")


def _of_heads(array: NDArray[Any], heads: Sequence[int]) -> NDArray[Any]:
    """The entries of some heads; an array shared by all heads is left as it is."""
    return array if len(array) == 1 else array[list(heads)]
