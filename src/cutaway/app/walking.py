"""The verb that walks through one block, number by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .view import View

if TYPE_CHECKING:
    from ..trace.trace import Trace

__all__ = ["walk"]


def walk(trace: Trace, *, at: int = -1, layer: int = 0) -> View:
    """Every step of one token through one block, with the model's real numbers.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> data = ct.walk(trace, layer=9).data  # doctest: +SKIP
    >>> data["query_vector"].shape, data["weights"].shape, data["neurons"].shape  # doctest: +SKIP
    ((9, 64), (9, 5), (1536,))

    at     the position whose token is followed, the last unless said; negative from the end
    layer  the block that is walked through

    Its data hold one variable per step, named by it: embedding, attention_norm, query_vector,
    key_vector, value_vector, dots, scores, weights, head_output, attention_output, state_inside,
    mlp_norm, gate, up, neurons, mlp_output, state_out, final_norm, logits, probability, as far as
    the model has them; and change (layer, position), how much each block changed each state.
    Every step is computed again in float64 from the steps before it and agrees within 1e-4 of its
    largest entry; what can't be proven is left out, and the attribute "refused" says why. Raises
    MissingError for a saved trace without its model. Source: Alammar 2019,
    https://jalammar.github.io/illustrated-gpt2/
    """
    from ..lens.walk import walk as ask

    return View(ask(trace, at=at, layer=layer))
