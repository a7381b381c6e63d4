"""Distances between next-token distributions, by their textbook definitions.

KL(r || l) = sum r log(r / l), JS = (KL(r || m) + KL(l || m)) / 2 with m = (r + l) / 2, in nats;
TV = sum |r - l| / 2. r is the reference. A KL is good to 1e-4 nats of float64: where one token
carries the mass, float32 products alone miss that (logits reach 226 on SmolLM2), so the logits of
the top tokens are recomputed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .unembed import Unembedding, wide

__all__ = ["Distributions", "distance"]


@dataclass(frozen=True)
class Distributions:
    """The distributions of g positions at R layers, unnormalised.

    shifted    (g, R, V) logits less the row's largest
    weights    (g, R, V) their exponentials
    total      (g, R)    sum of the weights
    largest    (g, R)    the largest logit, wide
    log_total  (g, R)    log of the total, wide
    top        (g, R, K) ids of the few largest, best first: those refined in float64
    hidden     (g, R, d) what entered the unembedding
    spare      (g, R, V) room
    """

    shifted: Tensor
    weights: Tensor
    total: Tensor
    largest: Tensor
    log_total: Tensor
    top: Tensor
    hidden: Tensor
    spare: Tensor

    @classmethod
    def of(
        cls, logits: Tensor, values: Tensor, top: Tensor, hidden: Tensor, spare: Tensor
    ) -> Distributions:
        """From (g, R, V) logits, which are shifted in place, and their largest values."""
        largest = values[..., :1]
        shifted = logits.sub_(largest)
        weights = torch.exp(shifted, out=spare[0])
        total = weights.sum(-1)
        return cls(
            shifted, weights, total, wide(largest.squeeze(-1)), wide(total).log(), top,
            hidden, spare[1],
        )  # fmt: skip

    def entropy(self) -> Tensor:
        """(g, R) nats: log Z - sum p z."""
        products = torch.mul(self.weights, self.shifted, out=self.spare)
        return self.log_total - _sum(products) / wide(self.total)

    def probabilities(self, row: int) -> Tensor:
        """(g, 1, V) the distribution of one layer."""
        return (self.weights[:, row] / self.total[:, row, None]).unsqueeze(1)


def distance(name: str, d: Distributions, reference: int, head: Unembedding) -> Tensor:
    """(g, R) distance of every layer from the reference layer; 0 at the reference itself."""
    if name == "kl":
        return _kl(d, reference, head)
    r = d.probabilities(reference)
    p = torch.div(d.weights, d.total.unsqueeze(-1), out=d.spare)
    return _tv(p, r) if name == "tv" else _js(p, r)


def _tv(p: Tensor, r: Tensor) -> Tensor:
    return wide(p.sub_(r).abs_().sum(-1)) / 2


def _js(p: Tensor, r: Tensor) -> Tensor:
    # One expression per token, so that near-equal distributions do not cancel into noise.
    mean = ((p + r) / 2).clamp_(min=torch.finfo(p.dtype).tiny)
    terms = _part(p, mean).add_(_part(r, mean))
    return (wide(terms.sum(-1)) / 2).clamp(min=0)


def _part(p: Tensor, mean: Tensor) -> Tensor:
    """p log(p / mean), 0 where p is 0: a quarter of the time of torch.xlogy."""
    return (p / mean).clamp_(min=torch.finfo(p.dtype).tiny).log_().mul_(p)


def _kl(d: Distributions, reference: int, head: Unembedding) -> Tensor:
    """sum r (z_r - z_l) + log Z_l - log Z_r, the logits of both rows' top tokens in float64."""
    row = d.shifted[:, reference].clone()  # (g, V)
    top = d.top[:, reference]  # (g, K)
    error, log_total = None, d.log_total
    if head.refinable:
        error = _errors(d, top, head)  # (g, R, K) true minus float32 logit
        row.scatter_add_(-1, top, error[:, reference].to(row.dtype))
        log_total = _refined(d, head)
    weights = wide(row.exp())
    total = weights.sum(-1, keepdim=True)
    r = (weights / total).to(row.dtype).unsqueeze(1)  # (g, 1, V)
    kl = _sum(torch.sub(row.unsqueeze(1), d.shifted, out=d.spare).mul_(r))
    if error is not None:
        kl -= (r.gather(-1, top.unsqueeze(1)) * error).sum(-1)
    kl = (kl + log_total - total.log()).clamp(min=0)
    kl[:, reference] = 0  # what is left there is rounding
    return kl


def _errors(d: Distributions, top: Tensor, head: Unembedding) -> Tensor:
    """(g, R, K) what float64 adds to the float32 logits of K tokens per position."""
    ids = top.unsqueeze(1).expand(-1, d.shifted.shape[1], -1)
    return head.exact(d.hidden, top) - d.largest.unsqueeze(-1) - d.shifted.gather(-1, ids)


def _refined(d: Distributions, head: Unembedding) -> Tensor:
    """(g, R) log of the total with each row's own top tokens in float64."""
    exact = head.exact(d.hidden.flatten(0, 1).unsqueeze(1), d.top.flatten(0, 1))
    exact = exact.view(d.top.shape) - d.largest.unsqueeze(-1)
    kept = d.shifted.gather(-1, d.top).double()
    share = kept.exp() / d.total.unsqueeze(-1)
    return d.log_total + torch.log1p((share * torch.expm1(exact - kept)).sum(-1))


def _sum(products: Tensor) -> Tensor:
    """(g, R) sums in float64 of products whose 0 x infinity, of masked tokens, counts as 0."""
    sums = products.sum(-1)
    if bool(sums.isnan().any()):
        inf = torch.inf
        sums = products.nan_to_num_(nan=0.0, posinf=inf, neginf=-inf).sum(-1)
    return wide(sums)
