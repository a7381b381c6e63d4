"""A model of one matrix: logits = states @ unembedding. Traces made of it need no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutaway.core.errors import MissingError
from cutaway.core.tokens import Piece, TokenRow
from cutaway.trace.attention import AttentionCall, Rotary
from cutaway.trace.card import Capability, ModelCard
from cutaway.trace.lens_answers import lens_answers
from cutaway.trace.source import Floats, Ints, Material, Question, Rows
from cutaway.trace.trace import Trace

L, T, D, V, N = 3, 5, 8, 40, 12
LABELS = ("·a", "‹F0›‹9F›", "</script>", "שלום", "↵")
CARD = ModelCard(
    name="linear", revision="1a2b", model_type="linear", architecture="Linear", dtype="float32",
    device="cpu", n_layers=L, width=D, vocab_size=V, n_parameters=V * D, context=None, tied=False,
    gated=True, neurons=(N, 0, N), heads=(2, 0, 2), kv_heads=(1, 0, 1), call_bytes=(8, 168, 5),
    capabilities={"lens": Capability(True, "by hand")},
    versions={"python": "3"},
)  # fmt: skip


@dataclass(frozen=True)
class Linear:
    """A Source that computes every answer plainly, in float64, with full logits."""

    unembedding: Floats

    def project(self, trace: Trace, question: Question) -> Rows:
        at = list(question.positions)
        reference = -1 if question.against == "input" else trace.n_layers - 1
        base = self._logprobs(trace, reference, at)
        logits = np.stack([self._logits(trace, layer, at) for layer in question.layers])
        logprobs = np.stack([self._logprobs(trace, layer, at) for layer in question.layers])
        order = np.argsort(-logits, axis=-1, kind="stable")[..., : question.k]
        target = self._targets(trace, question)  # (P, n)
        index = np.broadcast_to(np.maximum(target, 0), (*logits.shape[:1], *target.shape))
        chosen = np.take_along_axis(logits, index, -1)
        rank = 1 + (logits[:, :, None, :] > chosen[..., None]).sum(-1)
        known = target[None] >= 0
        logprob = np.take_along_axis(logprobs, index, -1)
        return Rows(
            token_id=order,
            probability=np.exp(np.take_along_axis(logprobs, order, -1)).astype(np.float32),
            logit=np.take_along_axis(logits, order, -1).astype(np.float32),
            target_id=target,
            rank=np.where(known, rank, 0),
            target_logit=np.where(known, chosen, np.nan).astype(np.float32),
            target_logprob=np.where(known, logprob, np.nan).astype(np.float32),
            entropy=-(np.exp(logprobs) * logprobs).sum(-1).astype(np.float32),
            distances={name: _distance(name, base, logprobs) for name in question.distances},
        )

    def replay(self, trace: Trace, material: str, layers: Sequence[int]) -> Material:
        raise MissingError(material)

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        return tuple(Piece(f" t{i}", f"·t{i}") if i >= 0 else Piece("", "–") for i in token_ids)

    def _targets(self, trace: Trace, question: Question) -> Ints:
        if question.targets is None:
            return np.empty((len(question.positions), 0), dtype=np.int64)
        if isinstance(question.targets, str):
            final = self._logits(trace, trace.n_layers - 1, list(question.positions))
            return final.argmax(-1)[:, None]
        return np.asarray(question.targets)

    def _logits(self, trace: Trace, layer: int, at: list[int]) -> Floats:
        return trace.state(layer)[at].astype(np.float64) @ self.unembedding

    def _logprobs(self, trace: Trace, layer: int, at: list[int]) -> Floats:
        logits = self._logits(trace, layer, at)
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def linear_trace(*, keep: Sequence[str] = (), seed: int = 0) -> Trace:
    """A trace of random states; with keep="neurons", "lens" or "attention" those too."""
    random = np.random.default_rng(seed)
    source = Linear(random.normal(size=(D, V)))
    states = {
        layer: random.normal(size=(T, D)).astype(np.float32) for layer in range(-1, L)
    }  # fmt: skip
    neurons = {layer: random.normal(size=(T, N)).astype(np.float32) for layer in (0, 2)}
    row = TokenRow(
        ids=(7, 3, 3, 39, 0), labels=LABELS, starts=(0, 2, 2, 3, 7), ends=(2, 3, 3, 7, 8),
        text=" a😀שלום\n", n_prompt=3, special=(True, False, False, False, False),
        roles=("", "user", "user", "assistant", "assistant"),
    )  # fmt: skip
    trace = Trace(
        tokens=row, card=CARD, source=source,
        materials={"states": states} | ({"neurons": neurons} if "neurons" in keep else {}),
        calls=attention_calls(random) if "attention" in keep else {},
        options={"prompt": "x", "seed": 0, "temperature": None}, notes=("the tokenizer dropped 1",),
    )  # fmt: skip
    return replace(trace, answers=lens_answers(trace)) if "lens" in keep else trace


def attention_calls(random: np.random.Generator) -> dict[int, AttentionCall]:
    """Blocks 0 and 2, which share angles; block 2 has all that a record can have."""

    def some(*shape: int) -> Floats:
        return random.normal(size=shape).astype(np.float32)

    angle = some(T, 2).repeat(2, axis=1)
    cos, sin = np.cos(angle), np.sin(angle)
    plain, full = (
        AttentionCall(
            query=query, key=key, value=some(1, T, 3), scale=0.3, written=abs(some(2, T)),
            rotary=Rotary(query, key, cos, sin, "interleaved"),
        )
        for query, key in ((some(2, T, 4), some(1, T, 4)) for _ in range(2))
    )  # fmt: skip
    hidden = np.zeros((1, T, T), dtype=bool)
    hidden[0, 4, 1] = True
    full = replace(full, window=4, cap=2.0, hidden=hidden, bias=some(1, T, T), sinks=some(2))
    return {0: plain, 2: full}


def _distance(name: str, reference: Floats, logprobs: Floats) -> Floats:
    p, q = np.exp(reference)[None], np.exp(logprobs)
    if name == "tv":
        result = abs(p - q).sum(-1) / 2
    elif name == "kl":
        result = _kl(p, q)
    else:
        result = (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2
    return result.astype(np.float32)


def _kl(p: Floats, q: Floats) -> Floats:
    return (p * (np.log(p) - np.log(q))).sum(-1)
