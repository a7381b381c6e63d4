"""Which position a question reads: `at` names it, `target` names the token that is said there.

A causal model says at a position the token after it; a masked one the token that stands there.
"""

from __future__ import annotations

from typing import Any

from ..core.axes import read_position, read_whole
from ..core.errors import InvalidError
from ..trace.trace import Trace

__all__ = ["mask_positions", "position_options", "read_at_or_target"]


def read_at_or_target(trace: Trace, at: int | None, target: int | None) -> int:
    """The position read: `at` itself, or that of a target; a default where neither is given.

    target is 1..T, T being the token the model would say next, and is read at target - 1; in a
    masked model it is 0..T-1, and read where it stands. The default is the last position, in a
    masked model the first mask where there is one.
    """
    if target is None:
        first = next(iter(mask_positions(trace)), -1)
        return read_position(first if at is None else at, trace.n_positions, "at")
    if at is not None:
        raise InvalidError("target", target, allowed="at or target, not both", fix="drop at")
    shift = trace.card.shift
    return read_whole("target", target, shift, trace.n_positions - 1 + shift) - shift


def mask_positions(trace: Trace) -> list[int]:
    """The positions of the tokens that a masked model is to say."""
    if not trace.card.is_masked:
        return []
    return [at for at, token_id in enumerate(trace.token_ids) if token_id == trace.card.mask_id]


def position_options(trace: Trace, at: int) -> dict[str, Any]:
    """What a dataset of one position tells of it among its options, as JSON values.

    at             the position
    read           label of the token that stands there
    came_id, came  id and label of the token that came of it; -1, "" where none did. Nothing comes
                   of a position of a masked model: what it says there stands there already
    labels         of the tokens up to it
    """
    row = trace.tokens
    came = not trace.card.is_masked and at + 1 < len(row)
    return {
        "at": at,
        "read": row.labels[at],
        "came_id": row.ids[at + 1] if came else -1,
        "came": row.labels[at + 1] if came else "",
        "labels": list(row.labels[: at + 1]),
    }
