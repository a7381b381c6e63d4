"""A trace made of arrays, for lenses that need no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutaway.core.errors import MissingError
from cutaway.core.tokens import Piece, TokenRow
from cutaway.trace.attention import AttentionCall, Rotary
from cutaway.trace.card import Capability, ModelCard
from cutaway.trace.source import Rows
from cutaway.trace.trace import Trace


class FakeSource:
    """Answers labels; refuses everything else, as a saved trace without a model would."""

    def pieces(self, token_ids):
        return tuple(Piece(f"t{i}", f"t{i}") if i >= 0 else Piece("", "–") for i in token_ids)

    def replay(self, trace, material, layers):
        raise MissingError(f"the {material}", because="this trace did not keep them")


def fake_card(n_layers: int, neurons: tuple[int, ...], *, gated: bool = False) -> ModelCard:
    return ModelCard(
        name="fake", revision="", model_type="fake", architecture="Fake", dtype="float32",
        device="cpu", n_layers=n_layers, width=4, vocab_size=100, n_parameters=0, context=None,
        tied=True, gated=gated, neurons=neurons,
    )  # fmt: skip


def fake_trace(neurons: list[np.ndarray], *, gated: bool = False, n_prompt: int | None = None):
    """A trace whose block l has the activations neurons[l] (T, n); (T, 0) means none."""
    T = neurons[0].shape[0]
    row = TokenRow(
        ids=tuple(range(T)), labels=tuple(f"t{i}" for i in range(T)), starts=tuple(range(T)),
        ends=tuple(range(1, T + 1)), text="x" * T, n_prompt=T if n_prompt is None else n_prompt,
        special=(False,) * T, roles=("",) * T,
    )  # fmt: skip
    counts = tuple(array.shape[1] for array in neurons)
    return Trace(
        tokens=row,
        card=fake_card(len(neurons), counts, gated=gated),
        materials={"neurons": {i: a.astype(np.float32) for i, a in enumerate(neurons)}},
        source=FakeSource(),  # type: ignore[arg-type]
    )


class LogitSource(FakeSource):
    """Answers targets' ranks and log-probabilities from made-up logits (layer, position, V)."""

    def __init__(self, logits: np.ndarray) -> None:
        self.logits = logits

    def token_id(self, text: str) -> int:
        return int(text.removeprefix("t"))

    def project(self, trace, question) -> Rows:
        picked = self.logits[np.asarray(question.layers) + 1][:, list(question.positions)]
        logprob = picked - np.log(np.exp(picked).sum(-1, keepdims=True))
        ids = question.targets
        own = np.take_along_axis(picked, np.broadcast_to(ids, (len(picked), *ids.shape)), -1)
        rank = 1 + (picked[..., None, :] > own[..., None]).sum(-1)
        none = np.empty((*picked.shape[:2], 0))
        return Rows(
            token_id=none.astype(np.int64), probability=none, logit=none, target_id=ids,
            rank=rank, target_logit=own, target_logprob=np.take_along_axis(
                logprob, np.broadcast_to(ids, (len(picked), *ids.shape)), -1
            ), entropy=np.empty(picked.shape[:2]),
        )  # fmt: skip


def logit_trace(n_layers: int = 3, T: int = 5, vocab: int = 20, seed: int = 0):
    """A trace whose unembedded states are random logits, and those logits."""
    logits = np.random.default_rng(seed).normal(size=(n_layers + 1, T, vocab))
    bare = fake_trace([np.zeros((T, 0))] * n_layers)
    card = replace(bare.card, vocab_size=vocab)
    return replace(bare, card=card, source=LogitSource(logits)), logits


class AttentionSource(FakeSource):
    """Answers weights, queries and keys from attention calls by layer."""

    def __init__(self, calls: dict[int, AttentionCall]) -> None:
        self.calls = calls

    def attention(self, trace, layer, heads):
        return self.calls[layer].weights(heads)

    def attention_call(self, trace, layer):
        return self.calls[layer]


def attention_call(H: int, K: int, T: int, d: int, seed: int = 0) -> AttentionCall:
    """A causal call of random numbers: grouped heads, rotary embedding, norms of what is written.

    d is even; the output projection is random too, to a width of 2 d.
    """
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(H + K, T, d)).astype(np.float32)
    angle = np.arange(T)[:, None] / 100.0 ** (np.arange(d) % (d // 2) / (d / 2))
    angles = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    turned = Rotary(raw[:H], raw[H:], *angles).turned(raw)
    value = rng.normal(size=(K, T, d)).astype(np.float32)
    projection = rng.normal(size=(H, d, 2 * d)).astype(np.float32)
    written = np.linalg.norm(value.repeat(H // K, axis=0) @ projection, axis=-1)
    return AttentionCall(
        query=turned[:H], key=turned[H:], value=value, scale=d**-0.5, written=written,
        rotary=Rotary(turned[:H], turned[H:], *angles),
    )  # fmt: skip


def attention_trace(
    n_layers: int = 2, H: int = 4, K: int = 2, T: int = 6, d: int = 8, seed: int = 0
) -> Trace:
    """A trace whose source answers the attention of every layer from random calls."""
    calls = {n: attention_call(H, K, T, d, seed + n) for n in range(n_layers)}
    bare = fake_trace([np.zeros((T, 0))] * n_layers)
    card = replace(
        bare.card, heads=(H,) * n_layers, kv_heads=(K,) * n_layers,
        capabilities={"attention": Capability(True, "made by hand")},
    )  # fmt: skip
    return replace(bare, card=card, materials={}, source=AttentionSource(calls))
