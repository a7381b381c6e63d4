"""One block of logits reduced to what was asked: top tokens, ranks, entropy, distances.

The logits of a group of positions at all layers are passed over a few times while they are in
the processor's cache; nothing of the vocabulary's size leaves this file.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InvalidError
from .distance import Distributions, distance
from .topk import top_k
from .unembed import Unembedding, wide

__all__ = ["ReducedRows", "Wanted", "reduce_logits"]

#: Top tokens whose logits are recomputed in float64 for the KL.
REFINED = 8


@dataclass(frozen=True)
class Wanted:
    """What is kept of each row.

    k              how many top tokens
    entropy        whether the entropy
    top_row        the row whose top token is the target, None where the targets are given
    distances      names of distances from the row reference_row
    """

    k: int
    entropy: bool
    top_row: int | None
    distances: tuple[str, ...]
    reference_row: int | None

    @property
    def depth(self) -> int:
        """How many top tokens are found: those asked for and those the KL is refined with."""
        return max(self.k, REFINED if self.distances else 1)


@dataclass(frozen=True)
class ReducedRows:
    """The reduced rows of g positions at R layers, as in trace.source.Rows but (g, R, ...)."""

    token_id: Tensor
    probability: Tensor
    logit: Tensor
    target_id: Tensor
    rank: Tensor
    target_logit: Tensor
    target_logprob: Tensor
    entropy: Tensor | None
    distances: dict[str, Tensor]


def reduce_logits(
    logits: Tensor, hidden: Tensor, targets: Tensor, wanted: Wanted, head: Unembedding,
    spare: Tensor,
) -> ReducedRows:  # fmt: skip
    """(g, R, V) logits, (g, R, d) hidden, (g, n) targets -> Cells; the logits are overwritten.

    spare is room for two arrays of the logits' shape. Raises InvalidError where a logit is NaN.
    """
    values, ids = top_k(logits, min(wanted.depth, logits.shape[-1]))
    if bool(values[..., 0].isnan().any()):  # NaN counts as the largest
        raise InvalidError(
            "logits", float("nan"), allowed="numbers", fix="load the model with dtype='float32'"
        )
    if wanted.top_row is not None:
        targets = ids[:, wanted.top_row, :1]
    target_logit, rank = _targets(logits, targets, spare[0])
    d = Distributions.of(logits, values, ids[..., :REFINED], hidden, spare)
    log_total = d.largest + d.log_total  # (g, R) log of the sum of exponentials
    undefined = (targets < 0).unsqueeze(1)
    return ReducedRows(
        token_id=ids[..., : wanted.k],
        probability=(wide(values[..., : wanted.k]) - log_total.unsqueeze(-1)).exp(),
        logit=values[..., : wanted.k],
        target_id=targets,
        rank=rank.masked_fill(undefined, 0),
        target_logit=target_logit.masked_fill(undefined, torch.nan),
        target_logprob=(wide(target_logit) - log_total.unsqueeze(-1)).masked_fill(
            undefined, torch.nan
        ),
        entropy=d.entropy() if wanted.entropy else None,
        distances=_distances(d, wanted, head),
    )


def _targets(logits: Tensor, targets: Tensor, spare: Tensor) -> tuple[Tensor, Tensor]:
    """(g, R, n) logit and rank of each target: 1 + the number of strictly greater logits.

    Both come from the same product, so that rank 1 is exactly the top token; equal logits share
    a rank.
    """
    g, R, _ = logits.shape
    n = targets.shape[-1]
    ids = targets.clamp(min=0).unsqueeze(1).expand(g, R, n)
    chosen = logits.gather(-1, ids)
    ranks = torch.ones(chosen.shape, dtype=torch.int64, device=logits.device)
    for i in range(n):
        # Written as float: summing booleans takes seven times as long. Exact below 2^24 tokens.
        greater = torch.gt(logits, chosen[..., i : i + 1], out=spare)
        ranks[..., i] += greater.sum(-1).long()
    return chosen, ranks


def _distances(d: Distributions, wanted: Wanted, head: Unembedding) -> dict[str, Tensor]:
    if wanted.reference_row is None:
        return {}
    return {name: distance(name, d, wanted.reference_row, head) for name in wanted.distances}
