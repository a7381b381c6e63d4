"""What a cell of attention is worth: the weight alone, or times the length of what it carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.choices import read_choice
from ..core.errors import MissingError
from ..trace.attention import AttentionCall
from ..trace.source import Floats
from ..trace.trace import Trace

__all__ = ["WEIGHTINGS", "Weighting", "read_weighting", "weighted"]


@dataclass(frozen=True)
class Weighting:
    """A weighting's definition in words, and its unit ("1" for a share)."""

    words: str
    unit: str


#: Every weighting by name. Values and what is written of them are in the model's own units.
WEIGHTINGS: Mapping[str, Weighting] = {
    "weight": Weighting("the share of the query's attention that lies on the key", "1"),
    "value_norm": Weighting(
        "the weight times the L2 norm of the value that the head reads there", "the model's own"
    ),
    "output_norm": Weighting(
        "the weight times the L2 norm of what the head writes for it: its value through the output "
        "projection",
        "the model's own",
    ),
}


def read_weighting(name: str) -> Weighting:
    """The weighting of a name, or an error that says which there are."""
    read_choice("weighting", name, WEIGHTINGS)
    return WEIGHTINGS[name]


def weighted(
    trace: Trace, layer: int, heads: Sequence[int], weighting: str, *, cross: bool = False
) -> Floats:
    """(n, T, S) the weights of some heads of a block, each times the norm at its key.

    cross   those on the source's S tokens, and not on the T of the text itself
    source  output_norm: Kobayashi et al. 2020, arXiv 2004.10102
    """
    asked = trace.source.cross_attention if cross else trace.source.attention
    weights = asked(trace, layer, heads)
    if weighting == "weight":
        return weights
    call = trace.cross_call(layer) if cross else trace.attention_call(layer)
    norms = call.value_norms() if weighting == "value_norm" else _written(call, layer)
    scaled: Floats = weights * norms[list(heads)][:, None, :]
    return scaled


def _written(call: AttentionCall, layer: int) -> Floats:
    """(H, S) norms of what each head writes for each token."""
    if call.written is None:
        raise MissingError(
            f"what the heads of layer {layer} write",
            because="no output projection could be proven to give the block's answer",
            fix="weighting='value_norm' needs none",
        )
    return call.written
