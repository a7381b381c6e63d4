"""Traces of made-up mixtures, for lenses, pictures and pages that need no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutaway.trace.card import Capability
from cutaway.trace.trace import Trace

from .fakes import fake_trace
from .made import worded

__all__ = ["routed", "routed_trace"]

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def routed(layers: list[Rows | None], scores: str = "softmax") -> Trace:
    """A trace whose blocks chose so: scores (T, E), numbers and weights (T, k); None: no choice."""
    T = next(len(rows[0]) for rows in layers if rows is not None)
    bare = worded(fake_trace([np.zeros((T, 0))] * len(layers)), max(1, 2 * T // 3))
    kept = {n: np.hstack(rows) for n, rows in enumerate(layers) if rows is not None}
    routers = tuple(
        (0, 0, "") if rows is None else (rows[0].shape[1], rows[1].shape[1], scores)
        for rows in layers
    )
    card = replace(
        bare.card, routers=routers, capabilities={"experts": Capability(True, "made by hand")}
    )
    materials = {"experts": {n: rows.astype(np.float32) for n, rows in kept.items()}}
    return replace(bare, card=card, materials=materials)


def routed_trace(T: int = 12, *, layers: int = 3, count: int = 8, k: int = 2) -> Trace:
    """Softmax routers that call the k best, from a seed; the last block is no mixture."""
    rng = np.random.default_rng(0)
    rows: list[Rows | None] = []
    for _ in range(layers):
        logits = 1.5 * rng.normal(size=(T, count)) + rng.normal(size=count)
        scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        chosen = np.argsort(-scores, axis=1)[:, :k]
        own = np.take_along_axis(scores, chosen, axis=1)
        rows.append((scores, chosen, own / own.sum(1, keepdims=True)))
    return routed([*rows, None])
