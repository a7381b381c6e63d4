"""The verb that walks through one block, number by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.errors import UnknownError
from .view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..trace.trace import Trace

__all__ = ["WalkView", "walk"]


class WalkView(View):
    """A walk, which goes on at another position or block where its picture asks for it."""

    def __init__(self, trace: Trace, *, at: int | None, layer: int) -> None:
        from ..lens.walk import walk as ask

        self._trace = trace
        super().__init__(ask(trace, at=at, layer=layer))

    def answer(self, question: Mapping[str, Any]) -> NDArray[np.uint8]:
        """The walk elsewhere, as a packet: {"what": "walk", "at": 4, "layer": 9}.

        Raises UnknownError for another question, InvalidError for a place that is not there.
        """
        import numpy as np

        from ..render.packet import packet

        what = question.get("what")
        if what != "walk":
            raise UnknownError("question", what, allowed=["walk"])
        found = WalkView(self._trace, at=question["at"], layer=question["layer"])
        return np.frombuffer(packet(found.spec), np.uint8)


def walk(trace: Trace, *, at: int | None = None, layer: int = 0) -> WalkView:
    """Every step of one token through one block, with the model's real numbers.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> data = ct.walk(trace, layer=9).data  # doctest: +SKIP
    >>> data["query_vector"].shape, data["weights"].shape, data["neurons"].shape  # doctest: +SKIP
    ((9, 64), (9, 5), (1536,))

    at     the position whose token is followed, negative from the end; None: the last, in a masked
           model the first mask where there is one
    layer  the block that is walked through

    Its data hold one variable per step, named by it: embedding, attention_norm, query_vector,
    key_vector, value_vector, dots, scores, weights, head_output, attention_output, state_inside,
    mlp_norm, gate, up, neurons, mlp_output, state_out, final_norm, logits, probability, as far as
    the model has them; of a decoder that reads a source cross_query_vector, cross_weights,
    cross_output, state_crossed and the like; and change (layer, position), how much each block
    changed each state. The encoder of an encoder-decoder is walked through by
    `ct.walk(trace.encoder)`.
    Every step is computed again in float64 from the steps before it and agrees within 1e-4 of its
    largest entry; what can't be proven is left out, and the attribute "refused" says why. Raises
    MissingError for a saved trace without its model. Source: Alammar 2019,
    https://jalammar.github.io/illustrated-gpt2/
    """
    return WalkView(trace, at=at, layer=layer)
