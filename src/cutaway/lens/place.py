"""Which position a question reads: `at` names it, `target` names the token that came of it."""

from __future__ import annotations

from ..core.axes import read_position, read_whole
from ..core.errors import InvalidError
from ..trace.trace import Trace

__all__ = ["read_place"]


def read_place(trace: Trace, at: int | None, target: int | None) -> int:
    """The position read: `at` itself, or target - 1; the last one where neither is given.

    target is 1..T, T being the token the model would say next.
    """
    if target is None:
        return read_position(-1 if at is None else at, trace.n_positions, "at")
    if at is not None:
        raise InvalidError("target", target, allowed="at or target, not both", fix="drop at")
    return read_whole("target", target, 1, trace.n_positions) - 1
