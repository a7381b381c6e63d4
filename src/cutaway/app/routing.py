"""The verb of a mixture's routers: what each expert scored, and which were chosen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from .view import View

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from ..view.spec import Spec

__all__ = ["ExpertsView", "experts"]


class ExpertsView(View):
    """The experts of a mixture: a saved page has scores up to a budget, other places have all."""

    @cached_property
    def _live_spec(self) -> Spec:
        """The picture where Python is at hand: it asks for scores when they are looked at."""
        from ..view.routing import experts_spec

        if self.spec.header["held"] == self.data.sizes["layer"]:
            return self.spec
        return experts_spec(self.data, budget=sys.maxsize)


def experts(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    stream: Literal["decoder", "encoder"] = "decoder",
) -> View:
    """Which experts of a mixture were chosen at each token, with what scores and weights.

    >>> import cutaway as ct
    >>> trace = ct.load("mistralai/Mixtral-8x7B-v0.1").trace("1, 2, 3,")  # doctest: +SKIP
    >>> ct.experts(trace).data["chosen"].dims  # doctest: +SKIP
    ('layer', 'position', 'k')

    layers  blocks, None for all with a mixture
    stream  of an encoder-decoder, which blocks: the "decoder"'s or the "encoder"'s

    Its data hold probability (layer, position, expert), the router's scores as the model makes
    them (the coordinate scores says how: "softmax", "sigmoid", ...); chosen, chosen_probability and
    weight (layer, position, k), the experts that were called, their scores, and the numbers that
    multiply what they give; load (layer, expert), the share of positions that called each; entropy
    (layer, position) and load_entropy (layer) in nats; passed_over (layer, position), how many
    experts scored above one that was chosen and were not: 0 where the scores alone decide.
    Raises MissingError where a model or a block has no mixture, or its choice is not proven.
    Source: Fedus et al. 2021, "Switch Transformers", https://arxiv.org/abs/2101.03961
    """
    from ..lens.routing import experts as ask
    from ..lens.stream import of_stream

    return ExpertsView(ask(of_stream(trace, stream), layers=layers))
