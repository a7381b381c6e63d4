"""What a saliency explains: one number of each target, read from the row that predicts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..trace.source import Attribution
from .structure import Tail

__all__ = ["AttributionTargets"]

#: Rows of vocabulary-wide logits held at once (V x 64 x 4 bytes: 13 MB for 49,152 tokens).
_ROWS = 64


@dataclass(frozen=True)
class AttributionTargets:
    """The tokens explained, what is subtracted from them, and the quantity.

    token_ids  (n,) one token for each row of states
    contrast   (n,) the token whose quantity is subtracted, or None
    quantity   "logit", "log_probability" (nats) or "probability"
    """

    token_ids: tuple[int, ...]
    contrast: tuple[int, ...] | None
    quantity: Literal["logit", "log_probability", "probability"]

    @classmethod
    def of(cls, wanted: Attribution, part: slice = slice(None)) -> AttributionTargets:
        """The aim of some of the targets of an Attribution."""
        contrast = None if wanted.contrast is None else wanted.contrast[part]
        return cls(wanted.token_ids[part], contrast, wanted.quantity)

    def part(self, part: slice) -> AttributionTargets:
        """The aim of some of its rows."""
        contrast = None if self.contrast is None else self.contrast[part]
        return AttributionTargets(self.token_ids[part], contrast, self.quantity)

    def repeated(self, times: int) -> AttributionTargets:
        """The same aim for several texts, one after another."""
        contrast = None if self.contrast is None else self.contrast * times
        return AttributionTargets(self.token_ids * times, contrast, self.quantity)

    def values(self, tail: Tail, states: Tensor) -> Tensor:
        """(n, width) states after the last block -> (n,) the quantity, differentiable.

        A logit costs one row of the unembedding; a probability needs the V logits of its row.
        """
        blocks = [
            self.part(slice(low, low + _ROWS))._values(tail, states[low : low + _ROWS])
            for low in range(0, len(states), _ROWS)
        ]
        return torch.cat(blocks)

    def _values(self, tail: Tail, states: Tensor) -> Tensor:
        hidden = tail.hidden(states)
        matrix = tail.matrix()
        if self.quantity == "logit" and matrix is not None:
            return self._contrasted(lambda ids: _dot(tail, hidden, *matrix, ids))
        logits = tail.logits(hidden)
        if logits.dtype != torch.float64:
            # float32: a log-probability in half precision has two or three figures only
            logits = logits.float()
        if self.quantity == "logit":
            return self._contrasted(lambda ids: _pick(logits, ids))
        log_probability = logits.log_softmax(dim=-1)
        if self.quantity == "log_probability":
            return self._contrasted(lambda ids: _pick(log_probability, ids))
        return self._contrasted(lambda ids: _pick(log_probability, ids).exp())

    def _contrasted(self, quantity: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
        values = quantity(self.token_ids)
        return values if self.contrast is None else values - quantity(self.contrast)


def _dot(
    tail: Tail, hidden: Tensor, weight: Tensor, bias: Tensor | None, ids: tuple[int, ...]
) -> Tensor:
    """(n, d) -> (n,): the logit of one token a row, without the others."""
    chosen = torch.tensor(ids, device=weight.device)
    products = (hidden.to(weight.device) * weight[chosen]).sum(dim=-1)
    return tail.after(products if bias is None else products + bias[chosen])


def _pick(rows: Tensor, ids: tuple[int, ...]) -> Tensor:
    return rows.gather(1, torch.tensor(ids, device=rows.device)[:, None])[:, 0]
