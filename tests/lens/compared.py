"""Pairs of made-up traces that every lens can be compared on, from random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutaway.core.tokens import Piece, TokenRow
from cutaway.trace.source import Attributed, Attribution, Floats
from cutaway.trace.trace import Trace

from ..trace.linear import CARD, D, Linear, V
from .crossed import SOURCE, TARGET, cross_trace
from .routed import routed

HEADS, WIDTH = 4, 12
A = ("The", " doctor", " asked", " the", " nurse", ".", " She")
B = ("The", " doctor", " asked", " the", " old", " nurse", ".", " He")


@dataclass(frozen=True)
class Answering(Linear):
    """A linear model that also answers attention, saliency and the vocabulary."""

    words: tuple[str, ...] = ()
    seed: int = 0

    def attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        T = trace.n_positions
        scores = np.random.default_rng((self.seed, layer)).normal(size=(HEADS, T, T)) * 2
        weights = np.exp(scores) * np.tri(T)
        return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)[list(heads)]

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        T, n = trace.n_positions, len(wanted.targets)
        score = np.random.default_rng((self.seed, 99)).gamma(1, 1, (n, T))
        score[np.arange(T) >= np.asarray(wanted.targets)[:, None]] = np.nan
        return Attributed(score, score / 2, np.arange(n, dtype=float), np.full(n, np.nan))

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        return tuple(
            Piece(self.words[i], label(self.words[i])) if i >= 0 else Piece("", "–")
            for i in token_ids
        )

    def token_id(self, text: str) -> int:
        return self.words.index(text)


def label(text: str) -> str:
    return text.replace(" ", "·")


def vocabulary(*texts: Sequence[str]) -> tuple[str, ...]:
    words = dict.fromkeys(word for text in texts for word in text)
    rest = (f" word{i}" for i in range(V))
    return (*words, *rest)[:V]


def spoken(
    text: Sequence[str], words: tuple[str, ...], *, seed: int, layers: int = 3, name: str = "m"
) -> Trace:
    """A trace of a text in a vocabulary; states, neurons and weights follow from the seed."""
    random = np.random.default_rng(seed)
    T = len(text)
    ends = np.cumsum([len(piece) for piece in text]).tolist()
    row = TokenRow(
        ids=tuple(words.index(piece) for piece in text), labels=tuple(map(label, text)),
        starts=(0, *ends[:-1]), ends=tuple(ends), text="".join(text), n_prompt=T,
        special=(False,) * T, roles=("",) * T,
    )  # fmt: skip
    card = replace(
        CARD, name=name, n_layers=layers, neurons=(WIDTH,) * layers, heads=(HEADS,) * layers,
        kv_heads=(2,) * layers,
    )  # fmt: skip
    states = {n: random.normal(size=(T, D)).astype(np.float32) for n in range(-1, layers)}
    neurons = {n: random.normal(size=(T, WIDTH)).astype(np.float32) for n in range(layers)}
    unembedding = np.random.default_rng(5).normal(size=(D, V))
    return Trace(
        tokens=row, card=card, source=Answering(unembedding, words, seed),
        materials={"states": states, "neurons": neurons}, options={"prompt": row.text},
    )  # fmt: skip


def pair(a: Sequence[str] = A, b: Sequence[str] = B, **options: int) -> tuple[Trace, Trace]:
    """Two texts read by one model."""
    words = vocabulary(a, b)
    return spoken(a, words, seed=1, **options), spoken(b, words, seed=2, **options)  # type: ignore[arg-type]


def long_pair(T: int) -> tuple[Trace, Trace]:
    """Two texts of T tokens that differ in a word here and there."""
    random = np.random.default_rng(3)
    words = [f" word{i}" for i in range(30)]
    text = [words[i] for i in random.integers(0, 20, T)]
    other = [words[random.integers(20, 30)] if i % 37 == 5 else word for i, word in enumerate(text)]
    return pair(text, other)


#: Two sources and two targets: the second source has a word more, and one in another's place.
SOURCES = (SOURCE, ("the", *SOURCE[:3], "·may", *SOURCE[4:]))
TARGETS = (TARGET, (*TARGET[:2], "-05", *TARGET[3:]))


def crossed_pair(sources: Sequence[Sequence[str]] = SOURCES) -> tuple[Trace, Trace]:
    """Two made-up encoder-decoder traces under one vocabulary."""
    words = tuple(dict.fromkeys(word for text in (*sources, *TARGETS) for word in text))
    first, second = (
        respelled(cross_trace(tuple(read), tuple(said)), words)
        for read, said in zip(sources, TARGETS, strict=True)
    )
    return first, second


def respelled(trace: Trace, words: Sequence[str]) -> Trace:
    """The trace and its encoder's with ids of a vocabulary, and the text of their labels."""
    labels = trace.tokens.labels
    ends = np.cumsum([len(piece) for piece in labels]).tolist()
    row = replace(
        trace.tokens, ids=tuple(map(words.index, labels)), text="".join(labels),
        starts=(0, *ends[:-1]), ends=tuple(ends),
    )  # fmt: skip
    encoder = trace.encoder and respelled(trace.encoder, words)
    return replace(trace, tokens=row, encoder=encoder, options={"prompt": row.text})


def routed_pair() -> tuple[Trace, Trace]:
    """Two texts through a made-up mixture: three layers, of unlike sizes, that call two experts."""
    words = vocabulary(A, B)
    first, second = (routed_text(text, words, seed) for seed, text in enumerate((A, B)))
    return first, second


def routed_text(text: Sequence[str], words: tuple[str, ...], seed: int) -> Trace:
    """A text whose routers chose by random scores; the second block is no mixture."""
    random = np.random.default_rng(seed)

    def chosen(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        logits = 2 * random.normal(size=(len(text), count))
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        called = np.argsort(-scores, axis=1)[:, :2]
        own = np.take_along_axis(scores, called, axis=1)
        return scores, called, own / own.sum(axis=1, keepdims=True)

    trace = routed([chosen(6), None, chosen(6), chosen(4)])
    row = spoken(text, words, seed=0).tokens
    return replace(trace, tokens=row, options={"prompt": row.text})
