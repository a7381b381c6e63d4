"""The state between two parts of a block, told by what is recorded: a sum, or a norm of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from ...core.errors import MissingError
from ..block_calls import BlockCalls
from ..equality import as_float64, close, equal
from ..hooks import ModuleCall
from ..structure import Block

__all__ = ["between", "inside"]

#: How near a recorded sum lies to the same computed again, relative to its largest entry.
_NEAR = 1e-5
#: A branch that adds less than this part of a state tells nothing.
_LEAST = 1e-3


def inside(watched: BlockCalls, block: Block) -> Tensor | None:
    """(T, width) the state between attention and MLP, None in a parallel block."""
    if block.inside is None:
        return None
    reader = next(call for call in watched.below if call.path == block.inside.path)
    rows = watched.rows(reader.inputs[block.inside.entry.key])
    return None if rows is None or equal(rows, watched.state) else rows


def between(
    watched: BlockCalls, base: Tensor, branch: Tensor, later: Iterable[ModuleCall], at: int
) -> Tensor:
    """(T, width) the state once a branch is added, on which the next part adds what it gives.

    It is the sum, or where a norm stands after it the norm's result: the one of both that, with
    what some later module gives added, is recorded again.

    base    (T, width) the state before
    branch  (T, width) what is added, itself or through a norm
    later   the calls of the next part

    Raises MissingError where neither is.
    """
    some = sorted({0, at, len(base) - 1})
    recorded = list(_rows(watched))
    totals = [
        (as_float64(base) + as_float64(rows))[some] for rows in (branch, *_made_of(watched, branch))
    ]
    kept = next(
        (rows for total in totals for rows in recorded if close(rows[some], total, _NEAR)), None
    )
    if kept is None:
        raise MissingError(
            "the state between", because="the state and what is added to it are not found again "
            "as one sum",
        )  # fmt: skip
    added = [rows for call in later for rows in watched.made(call) if rows.shape == base.shape]
    for state in (kept, *_made_of(watched, kept)):
        for rows in added:
            if _carries(state[some], rows[some], recorded, some):
                return state
    raise MissingError(
        "the state between", because="neither the sum nor a norm of it is what the next part is "
        "added to",
    )  # fmt: skip


def _carries(state: Tensor, rows: Tensor, recorded: list[Tensor], some: list[int]) -> bool:
    """Whether a state and what a module gave are recorded as one sum."""
    x, y = as_float64(state), as_float64(rows)
    if y.abs().max() < _LEAST * x.abs().max():
        return False
    total = x + y
    return any(close(other[some], total, _NEAR) for other in recorded)


def _rows(watched: BlockCalls) -> Iterator[Tensor]:
    """Everything in the block that has the state's shape."""
    shape = watched.state.shape
    for call in watched.below:
        taken = (rows for _, rows in watched.taken(call))
        yield from (rows for rows in (*taken, *watched.made(call)) if rows.shape == shape)
    yield watched.given


def _made_of(watched: BlockCalls, kept: Tensor) -> Iterator[Tensor]:
    """What modules without others in them give when they take that state alone."""
    for call in watched.below:
        taken = [rows for _, rows in watched.taken(call)]
        if any(call.module.children()) or len(taken) != 1 or not equal(taken[0], kept):
            continue
        yield from (
            rows for rows in watched.made(call)
            if rows.shape == kept.shape and not torch.equal(rows, kept)
        )  # fmt: skip
