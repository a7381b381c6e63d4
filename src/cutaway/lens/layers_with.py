"""Which layers a question is about, where not every block has what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.axes import read_layers
from ..core.errors import MissingError
from ..trace.trace import Trace

__all__ = ["noting_absent", "read_layers_with"]


def read_layers_with(
    trace: Trace,
    layers: int | Sequence[int] | None,
    what: str,
    counts: Sequence[int],
    because: str = "none could be proven there",
) -> tuple[int, ...]:
    """The layers asked for, in their order; None is every block that has any.

    what     the name of the thing and of its capability, such as "neurons"
    counts   how many of it each block has
    because  what is said of a block that has none
    raises   MissingError naming the blocks that have none, and those that do
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
            because=because,
            fix=f"choose among {', '.join(map(str, having))}",
        )
    return chosen


def noting_absent(trace: Trace, what: str, counts: Sequence[int]) -> Trace:
    """The trace with a note of the layers that have none, where some have it and some not.

    >>> noting_absent(trace, "attention", (0, 4, 0, 4)).notes  # doctest: +SKIP
    ('layers without attention: 0, 2',)
    """
    absent = [str(layer) for layer, count in enumerate(counts) if not count]
    if not absent or len(absent) == len(counts):
        return trace
    return replace(trace, notes=(*trace.notes, f"layers without {what}: {', '.join(absent)}"))
