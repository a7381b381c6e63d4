"""What could come next: the likeliest tokens, and enough to re-weigh them exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.errors import MissingError
from .source import Floats, Ints

__all__ = ["Candidates", "Continuation", "Filtered"]


@dataclass(frozen=True, eq=False)
class Filtered:
    """A distribution after temperature, top-k and top-p.

    probability  (k,) of the candidates, 0 for those taken out
    left         how many tokens are left, None for the whole vocabulary
    """

    probability: Floats
    left: int | None


@dataclass(frozen=True, eq=False)
class Candidates:
    """The likeliest next tokens of one text.

    token_ids     (k,) best first;  logits (k,)
    temperatures  (n,) those that can be asked for;  log_totals (n,) log of the sum over the WHOLE
                  vocabulary of exp(logit / temperature)
    entropy       of the next token, at temperature 1, in nats
    vocab         V, how many tokens there are
    """

    token_ids: Ints
    logits: Floats
    temperatures: Floats
    log_totals: Floats
    entropy: float
    vocab: int

    def probability(self, temperature: float = 1.0) -> Floats:
        """(k,) exact probabilities at one of the temperatures.

        >>> two = Candidates(np.array([5, 3]), np.log([0.6, 0.2]), np.ones(1), np.zeros(1), 0.9, 9)
        >>> two.probability().round(2).tolist()
        [0.6, 0.2]
        """
        at = np.flatnonzero(np.isclose(self.temperatures, temperature, rtol=0, atol=1e-9))
        if not len(at):
            raise MissingError(
                f"the distribution at temperature {temperature:g}",
                because=f"it was summed up at {', '.join(f'{t:g}' for t in self.temperatures)}",
            )
        logprob = self.logits.astype(np.float64) / temperature - self.log_totals[at[0]]
        return np.asarray(np.exp(logprob))

    def filtered(
        self, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
    ) -> Filtered:
        """The probabilities that a token is drawn with, in transformers' order: top-k, then top-p.

        top_p keeps the fewest likeliest tokens that reach that mass. Raises MissingError where
        these are more than the candidates known.
        """
        plain = self.probability(temperature)
        left: int | None = None
        if top_k is not None and top_k < self.vocab:
            left = self._tied(top_k)
            plain = plain[:left] / plain[:left].sum()
        if top_p is not None and top_p < 1:
            before = np.cumsum(plain) - plain
            left = int((before < top_p).sum())
            if left == len(plain) and plain.sum() < min(top_p, 1 - 1e-12):
                raise MissingError(
                    f"the tokens that reach {top_p:g}",
                    because=f"they are more than the {len(plain):,} known here",
                )
            plain = plain[:left] / plain[:left].sum()
        result = np.zeros(len(self.logits))
        result[: len(plain)] = plain
        return Filtered(result, left)

    def _tied(self, top_k: int) -> int:
        """How many tokens have at least the logit of the k-th: equal ones stay together."""
        known = len(self.logits)
        count = known + 1
        if top_k <= known:
            count = int((self.logits >= self.logits[top_k - 1]).sum())
        if count > known or (count == known < self.vocab):
            raise MissingError(
                f"the {top_k:,} likeliest tokens", because=f"only {known:,} are known here"
            )
        return count


@dataclass(frozen=True, eq=False)
class Continuation:
    """One drawn continuation of a text.

    token_ids  (n,) what was drawn
    logprobs   (n,) the log-probability that the model gives each, at temperature 1, in nats
    """

    token_ids: tuple[int, ...]
    logprobs: Floats

    @property
    def mean(self) -> float:
        """The mean log-probability of its tokens, in nats: what continuations are ranked by."""
        return float(np.mean(self.logprobs))
