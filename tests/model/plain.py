"""The logit lens computed plainly: every logit of every cell, numpy, float64. The other way."""

from __future__ import annotations

import numpy as np
import torch

from cutaway.core.axes import INPUT_LAYER
from cutaway.trace.source import Floats, Ints, Question, Rows
from cutaway.trace.trace import Trace


def plain_logits(lm, trace: Trace, layer: int, *, inside: bool = False) -> Floats:
    """(T, V) float64: the model's own tail on the whole state of one layer."""
    material = trace.material("inside" if inside else "states", [layer])
    with torch.inference_mode():
        hidden = lm.anatomy.tail.hidden(torch.from_numpy(material[layer]))
        return lm.anatomy.tail.logits(hidden).double().numpy()


def plain_rows(lm, trace: Trace, question: Question) -> Rows:
    """What `project` answers, by the definitions."""
    at = list(question.positions)
    final = plain_logits(lm, trace, trace.n_layers - 1)[at]
    base = final
    if question.against == "input":
        base = plain_logits(lm, trace, INPUT_LAYER)[at]
    logits = np.stack(
        [plain_logits(lm, trace, i, inside=question.inside)[at] for i in question.layers]
    )
    p = softmax(logits)  # (R, P, V)
    order = np.argsort(-logits, axis=-1, kind="stable")[..., : question.k]
    target = _targets(question, final)
    index = np.broadcast_to(np.maximum(target, 0), (len(logits), *target.shape))
    chosen = np.take_along_axis(logits, index, -1)
    defined = target[None] >= 0
    return Rows(
        token_id=order,
        probability=np.take_along_axis(p, order, -1),
        logit=np.take_along_axis(logits, order, -1),
        target_id=target,
        rank=np.where(defined, 1 + (logits[:, :, None] > chosen[..., None]).sum(-1), 0),
        target_logit=np.where(defined, chosen, np.nan),
        target_logprob=np.where(defined, np.log(np.take_along_axis(p, index, -1)), np.nan),
        entropy=-xlog(p, p).sum(-1),
        distances={name: distance(name, softmax(base)[None], p) for name in question.distances},
    )


def distance(name: str, r: Floats, p: Floats) -> Floats:
    """A distance of p from the reference r, by its textbook formula."""
    if name == "tv":
        return np.abs(p - r).sum(-1) / 2
    if name == "kl":
        return (xlog(r, r) - xlog(r, p)).sum(-1)
    mean = (p + r) / 2
    halves = (xlog(r, r) - xlog(r, mean)) + (xlog(p, p) - xlog(p, mean))
    return halves.sum(-1) / 2


def softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def xlog(p: Floats, q: Floats) -> Floats:
    """p log q, 0 where p is 0."""
    return p * np.log(np.where(p > 0, q, 1))


def _targets(question: Question, final: Floats) -> Ints:
    if question.targets is None:
        return np.empty((len(question.positions), 0), dtype=np.int64)
    if isinstance(question.targets, str):
        return final.argmax(-1)[:, None]
    return question.targets
