"""The state between attention and MLP: found by its two sums, never by a name.

    inside = state + attention branch        output = inside + MLP branch

A branch is what some module gave, or the sum of two; some models multiply each by a constant. In
post-norm models the sum goes through a norm before it is handed on: then the norm took the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from .block_calls import BlockCalls
from .equality import as_float64, equal
from .hooks import ModuleCall
from .layout import Port
from .structure import Inside

__all__ = ["find_inside", "why_none"]

#: What it means that a block's output is its state and one branch, or two.
_SUMS = ("adds one branch to its state", "adds attention and MLP to a state that both read")


def find_inside(watched: BlockCalls) -> Inside | None:
    """Where the state inside is read; None where a block has no such state.

    A parallel block has none: its attention and its MLP read the same state.
    """
    mixed = [call for call in watched.below if call.path in watched.mixing]
    if not mixed:
        return None
    attended = min(call.end for call in mixed)
    for reader in watched.below:
        if reader.start < attended or not watched.outside_mixing(reader.path):
            continue
        for key, rows in watched.taken(reader):
            if rows.shape != watched.state.shape or equal(rows, watched.state):
                continue
            before = [call for call in watched.below if call.end < reader.start]
            after = [call for call in watched.below if call.start >= reader.start]
            if _is_sum(watched, rows, watched.state, before) and _is_sum(
                watched, watched.given, rows, after
            ):
                return Inside(reader.path, Port(key))
    return None


def why_none(watched: BlockCalls) -> str:
    """Why a block has no state inside, as the end of a sentence that begins with the block."""
    for count, why in enumerate(_SUMS, start=1):
        if _is_sum(watched, watched.given, watched.state, watched.below, counts=(count,)):
            return why
    return "does not add attention to its state, and then an MLP that reads the sum"


def _is_sum(
    watched: BlockCalls,
    total: Tensor,
    base: Tensor,
    calls: list[ModuleCall],
    counts: Sequence[int] = (1, 2),
) -> bool:
    """Whether total, or what the module that gave it took, is base + a branch of these calls."""
    totals = [total] + [
        rows
        for call in calls
        if any(equal(total, made) for made in watched.made(call))
        for _, rows in watched.taken(call)
        if rows.shape == total.shape
    ]
    branches = [rows for call in calls for rows in watched.made(call) if rows.shape == base.shape]
    return any(
        _adds_up(whole, base, some)
        for whole in totals
        for count in counts
        for some in combinations(branches, count)
    )


def _adds_up(total: Tensor, base: Tensor, branches: Sequence[Tensor]) -> bool:
    """Whether total is base and the branches, each times one number other than 0.

    Entry by entry, to the rounding of that entry: some entries of a state are a thousand times
    larger than the rest, and a bound by the largest would let any branch pass.
    """
    parts = torch.stack([as_float64(part) for part in (base, *branches)]).flatten(1)
    whole = as_float64(total).flatten()
    size = parts.abs().sum(0).clamp_min(1e-30)
    weighed = parts / size
    gram = weighed @ weighed.T
    if torch.linalg.cond(gram) > 1e8:  # the same branch twice, in two modules' outputs
        return False
    factors = torch.linalg.solve(gram, weighed @ (whole / size))
    apart = (factors @ parts - whole).abs() / (factors.abs() @ parts.abs()).clamp_min(1e-30)
    return bool((factors.abs() > 1e-3).all() and apart.max() <= 4 * torch.finfo(total.dtype).eps)
