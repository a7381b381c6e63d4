"""A made-up encoder-decoder: a source of seven tokens, a target of five, weights of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from cutaway.core.tokens import TokenRow
from cutaway.lens.attention import attention
from cutaway.trace.card import Capability
from cutaway.trace.source import Attributed
from cutaway.trace.trace import Trace

from .fakes import FakeSource, fake_trace

SOURCE = ("12", "th", "·of", "·march", "·20", "21", "</s>")
TARGET = ("<s>", "2021", "-03", "-12", "</s>")
#: Blocks of the encoder and of the decoder, and heads of each block.
ENCODED, DECODED, HEADS = 3, 2, 4


class CrossSource(FakeSource):
    """Answers made-up weights of the decoder on itself, and on the source."""

    def __init__(self, own: np.ndarray, crossed: np.ndarray) -> None:
        self.own, self.crossed = own, crossed

    def attention(self, trace, layer, heads):
        return self.own[layer, list(heads)]

    def cross_attention(self, trace, layer, heads):
        return self.crossed[layer, list(heads)]

    def attribute(self, trace, wanted):
        """Scores 1, 2, 3, ... of the source's tokens, then of those before the target."""
        S, T, n = self.crossed.shape[-1], self.crossed.shape[-2], len(wanted.targets)
        score = np.full((n, T), np.nan, dtype=np.float32)
        for row, target in enumerate(wanted.targets):
            score[row, :target] = np.arange(S + 1, S + target + 1)
        read = np.tile(np.arange(1, S + 1, dtype=np.float32), (n, 1))
        return Attributed(
            score=score, signed=score, value=np.zeros(n), gap=np.full(n, np.nan),
            source_score=read, source_signed=-read,
        )  # fmt: skip


def shares(shape: tuple[int, ...], seed: int, causal: bool = False) -> np.ndarray:
    """Random rows that sum to 1."""
    whole = np.exp(2 * np.random.default_rng(seed).normal(size=shape))
    whole *= np.tri(*shape[-2:]) if causal else 1
    return (whole / whole.sum(-1, keepdims=True)).astype(np.float32)


def worded(trace: Trace, words: tuple[str, ...], n_prompt: int) -> Trace:
    """The trace with these tokens; those with brackets are special."""
    T = len(words)
    row = TokenRow(
        ids=tuple(range(T)), labels=words, starts=tuple(range(T)), ends=tuple(range(1, T + 1)),
        text="x" * T, n_prompt=n_prompt, special=tuple(word[0] == "<" for word in words),
        roles=("",) * T,
    )  # fmt: skip
    return replace(trace, tokens=row)


def cross_trace(source: tuple[str, ...] = SOURCE, target: tuple[str, ...] = TARGET) -> Trace:
    """The decoder's trace, the source's inside it; all of the target but its first token was
    produced."""
    S, T = len(source), len(target)
    proven = {"attention": Capability(True, "made by hand")}
    read = worded(fake_trace([np.zeros((S, 0))] * ENCODED), source, S)
    counts = (HEADS,) * ENCODED
    card = replace(
        read.card, name="fake encoder", objective="masked", heads=counts, kv_heads=counts,
        capabilities=proven,
    )  # fmt: skip
    over_all = shares((ENCODED, HEADS, S, S), 1)
    read = replace(read, card=card, source=CrossSource(over_all, over_all))  # type: ignore[arg-type]
    said = worded(fake_trace([np.zeros((T, 0))] * DECODED), target, 1)
    counts = (HEADS,) * DECODED
    card = replace(
        said.card, heads=counts, kv_heads=counts, cross_heads=counts, cross_kv_heads=counts,
        capabilities=proven | {"cross-attention": Capability(True, "made by hand")},
    )  # fmt: skip
    weights = CrossSource(
        shares((DECODED, HEADS, T, T), 2, causal=True), shares((DECODED, HEADS, T, S), 3)
    )
    return replace(said, card=card, encoder=read, source=weights)  # type: ignore[arg-type]


def crossed(trace: Trace, **options: object) -> xr.Dataset:
    """The cross attention of a trace."""
    return attention(trace, kind="cross", **options)  # type: ignore[arg-type]
