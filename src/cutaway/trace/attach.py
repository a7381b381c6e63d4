"""Putting a model behind a saved trace, if it is the model that made it."""

from __future__ import annotations

from ..core.errors import InvalidError
from .card import ModelCard
from .source import Source
from .trace import Trace

__all__ = ["attached"]

#: What must be the same. The device may differ: the numbers are those of the weights.
_IDENTITY = (
    "name", "revision", "architecture", "dtype", "n_layers", "width", "vocab_size", "n_parameters",
)  # fmt: skip


def attached(trace: Trace, source: Source, card: ModelCard) -> Trace:
    """The trace with a model behind it; `card` is that model's.

    Raises InvalidError where it is another model than the one that made the trace.
    """
    for name in _IDENTITY:
        made, given = getattr(trace.card, name), getattr(card, name)
        if made != given:
            raise InvalidError(
                "model for this trace", card.name,
                allowed=f"the one that made it, {trace.card.name}",
                fix=f"its {name} is {made!r}, this one's is {given!r}",
            )  # fmt: skip
    return trace.attach(source)
