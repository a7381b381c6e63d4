"""Which layers a question is about, where not every block has what is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.axes import read_layers
from ..core.errors import MissingError
from ..trace.trace import Trace

__all__ = ["read_having"]


def read_having(
    trace: Trace, layers: int | Sequence[int] | None, what: str, counts: Sequence[int]
) -> tuple[int, ...]:
    """The layers asked for, in their order; None is every block that has any.

    what    the name of the thing and of its capability, such as "neurons"
    counts  how many of it each block has
    raises  MissingError naming the blocks that have none, and those that do
    """
    having = tuple(layer for layer, count in enumerate(counts) if count)
    if not having:
        capability = trace.card.capabilities.get(what)
        raise MissingError(
            f"the {what}", because=capability.why if capability else "this model has none"
        )
    if layers is None:
        return having
    chosen = read_layers(layers, trace.n_layers)
    without = [layer for layer in chosen if layer not in having]
    if without:
        raise MissingError(
            f"the {what} of layer {', '.join(map(str, without))}",
            because="none could be proven there",
            fix=f"choose among {', '.join(map(str, having))}",
        )
    return chosen
