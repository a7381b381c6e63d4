"""Input x gradient and gradient norm: many targets from one pass over the prefix they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..trace.source import Attributed, Attribution, Floats
from .aim import Aim
from .jacobian import gradients
from .leaf import Subject

__all__ = ["CHUNK", "Chunk", "by_gradient", "chunks", "spread"]

#: Targets of one pass. 8 was as fast as 16 on SmolLM2 and holds half the gradients.
CHUNK = 8


@dataclass(frozen=True)
class Chunk:
    """Some targets, explained from one pass over the prefix that ends before the last of them."""

    targets: tuple[int, ...]
    aim: Aim

    @property
    def n(self) -> int:
        """How many tokens the pass reads: every source of the last target."""
        return max(self.targets)

    def values(self, subject: Subject, states: Tensor) -> Tensor:
        """(B, n, width) states after the last block -> (B, C) what is explained."""
        rows = torch.tensor(self.targets, device=states.device) - 1
        aim = self.aim.repeated(len(states))
        values = aim.values(subject.anatomy.tail, states[:, rows].flatten(0, 1))
        return values.view(len(states), -1)


def chunks(wanted: Attribution, size: int = CHUNK) -> Iterator[Chunk]:
    """The targets in groups whose passes read about as much as they need."""
    for low in range(0, len(wanted.targets), size):
        part = slice(low, low + size)
        yield Chunk(wanted.targets[part], Aim.of(wanted, part))


def by_gradient(subject: Subject, wanted: Attribution) -> Attributed:
    """The norm of (gradient x input), or of the gradient, over the numbers of each source.

    Source: Simonyan et al. 2013 (gradient), Shrikumar et al. 2016 (gradient x input).
    """
    multiply = wanted.method == "input_x_gradient"
    score, signed, value = [], [], []
    batched = True
    for chunk in chunks(wanted):
        leaf, states = subject.graph(chunk.n)
        values = chunk.values(subject, states)[0]
        rows, batched = gradients(values, leaf, batched=batched)
        products = rows[:, 0].float() * leaf.detach()[0].float() if multiply else rows[:, 0].float()
        norms = products.flatten(2).norm(dim=-1)
        score.append(spread(norms, chunk.targets, len(subject.token_ids)))
        sums = products.flatten(2).sum(dim=-1) if multiply else norms
        signed.append(spread(sums, chunk.targets, len(subject.token_ids)))
        value.append(values.detach().float().cpu().numpy())
    nan = np.full(len(wanted.targets), np.nan, np.float32)
    notes = {} if batched else {"batched": "no: this model's kernels were differentiated singly"}
    return Attributed(np.vstack(score), np.vstack(signed), np.concatenate(value), nan, notes)


def spread(rows: Tensor, targets: tuple[int, ...], n_positions: int) -> Floats:
    """(C, S) scores -> (C, T), NaN at and after each row's target."""
    table = np.full((len(targets), n_positions), np.nan, np.float32)
    for i, target in enumerate(targets):
        table[i, :target] = rows[i, :target].detach().cpu().numpy()
    return table
