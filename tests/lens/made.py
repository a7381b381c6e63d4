"""Datasets of made-up traces, for pictures and pages that need no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from cutaway.core.tokens import TokenRow
from cutaway.lens.classes import classes
from cutaway.lens.clusters import clusters
from cutaway.lens.factors import factors
from cutaway.lens.neurons import neurons
from cutaway.lens.pairs import pairs
from cutaway.lens.watch import watch
from cutaway.trace.trace import Trace

from .fakes import fake_trace, logit_trace

WORDS = (
    "The", "·capital", "·of", "·France", "·is", "·Paris", ",", "·and", "·internationalisation",
    "↵", "‹F0›‹9F›", "東京",
)  # fmt: skip


def worded(trace: Trace, n_prompt: int) -> Trace:
    """The trace with words as its tokens."""
    T = trace.n_positions
    row = TokenRow(
        ids=tuple(range(T)), labels=tuple(WORDS[i % len(WORDS)] for i in range(T)),
        starts=tuple(range(T)), ends=tuple(range(1, T + 1)), text="x" * T, n_prompt=n_prompt,
        special=(False,) * T, roles=("",) * T,
    )  # fmt: skip
    return replace(trace, tokens=row)


def firing_trace(T: int = 12, *, layers: int = 3, width: int = 40, gated: bool = False) -> Trace:
    """Neurons made of four planted patterns and a little noise; the last third was produced."""
    rng = np.random.default_rng(0)
    patterns = rng.gamma(0.25, 1, (4, T))
    arrays = [
        ((rng.gamma(0.4, 1, (width, 4)) @ patterns) + rng.normal(0, 0.1, (width, T))).T
        for _ in range(layers)
    ]
    return worded(fake_trace(arrays, gated=gated), max(1, 2 * T // 3))


def judged_trace(task: str, T: int = 12, labels: tuple[str, ...] = ("good", "bad", "odd")) -> Trace:
    """Classes after each of three layers, from a seed; labels and tokens may be hostile."""
    labels = ("start", "end") if task == "span" else labels
    trace = firing_trace(T)
    shape = (4, len(labels)) if task == "sequence" else (4, T, len(labels))
    class_logits = np.random.default_rng(1).normal(0, 2, shape).astype(np.float32)
    card = replace(trace.card, task=task, labels=labels, scores="softmax")
    return replace(trace, card=card, class_logits=class_logits)


def made(T: int = 12) -> dict[str, xr.Dataset]:
    """One dataset of each lens, by its name."""
    trace = firing_trace(T)
    race, _ = logit_trace(30, 6, 400)
    others = [logit_trace(30, 6, 400, seed=seed)[0] for seed in (1, 2, 3)]
    return {
        "neurons": neurons(trace),
        "clusters": clusters(trace, n=4),
        "factors": factors(trace, n=4),
        "classes": classes(judged_trace("span", T)),
        "watch": watch(race, [3, 7, 11]),
        "pairs": pairs([race, *others], [3, 7]),
    }
