"""Input x gradient and gradient norm: many targets from one pass over the prefix they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..core.progress import steps
from ..trace.source import Attributed, Attribution, Floats
from .attribution_model import AttributionModel
from .attribution_targets import AttributionTargets
from .jacobian import gradients

__all__ = ["CHUNK", "Chunk", "by_gradient", "chunks", "spread"]

#: Targets of one pass. 8 was as fast as 16 on SmolLM2 and holds half the gradients.
CHUNK = 8


@dataclass(frozen=True)
class Chunk:
    """Some targets, explained from one pass over every source of the last of them.

    n  how many tokens the pass reads
    """

    targets: tuple[int, ...]
    aim: AttributionTargets
    n: int

    def values(self, subject: AttributionModel, states: Tensor) -> Tensor:
        """(B, n, width) states after the last block -> (B, C) what is explained."""
        rows = subject.read_at(self.targets).to(states.device)
        aim = self.aim.repeated(len(states))
        values = aim.values(subject.anatomy.tail, states[:, rows].flatten(0, 1))
        return values.view(len(states), -1)


def chunks(subject: AttributionModel, wanted: Attribution, size: int = CHUNK) -> list[Chunk]:
    """The targets in groups whose passes read about as much as they need."""
    parts = [slice(low, low + size) for low in range(0, len(wanted.targets), size)]
    return [
        Chunk(targets, AttributionTargets.of(wanted, part), subject.reach(max(targets)))
        for part in parts
        for targets in [wanted.targets[part]]
    ]


def by_gradient(subject: AttributionModel, wanted: Attribution) -> Attributed:
    """The norm of (gradient x input), or of the gradient, over the numbers of each source.

    Source: Simonyan et al. 2013 (gradient), Shrikumar et al. 2016 (gradient x input).
    """
    multiply = wanted.method == "input_x_gradient"
    score, signed, value = [], [], []
    batched = True
    for chunk in steps(chunks(subject, wanted), "differentiating"):
        found, batched = _of_chunk(subject, chunk, multiply=multiply, batched=batched)
        score.append(found[0])
        signed.append(found[1])
        value.append(found[2])
    nan = np.full(len(wanted.targets), np.nan, np.float32)
    notes = {} if batched else {"batched": "no: this model's kernels were differentiated singly"}
    return Attributed(np.vstack(score), np.vstack(signed), np.concatenate(value), nan, notes=notes)


def _of_chunk(
    subject: AttributionModel, chunk: Chunk, *, multiply: bool, batched: bool
) -> tuple[tuple[Floats, Floats, Floats], bool]:
    """Sizes, signed scores and values of one pass, and whether it was differentiated as one batch.

    A function of its own: the graph, gigabytes of a long text, goes before the next is made.
    """
    leaf, states = subject.graph(chunk.n)
    values = chunk.values(subject, states)[0]
    rows, batched = gradients(values, leaf, batched=batched)
    products = rows[:, 0].float() * leaf.detach()[0].float() if multiply else rows[:, 0].float()
    norms = products.flatten(2).norm(dim=-1)
    sums = products.flatten(2).sum(dim=-1) if multiply else norms
    sizes, signed = (spread(part, chunk.targets, subject) for part in (norms, sums))
    return (sizes, signed, values.detach().float().cpu().numpy()), batched


def spread(rows: Tensor, targets: tuple[int, ...], subject: AttributionModel) -> Floats:
    """(C, S) scores -> (C, n_sources), NaN where a token is no source of the row's target."""
    table = np.full((len(targets), subject.n_sources), np.nan, np.float32)
    for i, n in enumerate(map(subject.span, targets)):
        table[i, :n] = rows[i, :n].detach().cpu().numpy()
    return table
