"""The sums that carry the state on: a state and what attention or MLP adds to it."""

from __future__ import annotations

import torch
from torch import Tensor

from ..constants import fit_scale
from ..equality import as_float64, equal
from ..hooks import ModuleCall
from .attention import Branch
from .formulas import gap, norm
from .position import BlockPosition
from .step_log import RecordedStep

__all__ = ["add_to"]


def add_to(
    here: BlockPosition, name: str, stage: str, state: Tensor, source: str, branches: list[Branch],
    total: Tensor,
) -> None:  # fmt: skip
    """The residual addition: state + branches == total, each branch possibly normed or scaled.

    name    of the step that has the total;  source  of the one that has the state
    """
    log, at, title = here.log, here.at, "Add to the state"
    branches = [_renormed(here, branch, stage) for branch in branches]
    rows = [as_float64(branch.rows) for branch in branches]
    recomputed = as_float64(state) + torch.stack(rows).sum(0)
    after = _norm_after(here, recomputed, total)
    if after is not None:
        normed, (how, normalised) = after
        log.add(RecordedStep(
            f"{name}_sum", title, stage, "state + " + _listed(branches),
            here.watched.taken(normed)[0][1][at], ("channel",),
            inputs=(source, *(branch.step for branch in branches)), recomputed=recomputed[at],
        ))  # fmt: skip
        log.add(RecordedStep(
            name, "Normalise the sum", stage, how, total[at], ("channel",),
            inputs=(f"{name}_sum",), module=(normed.path, normed.module), recomputed=normalised[0],
        ))  # fmt: skip
        return
    words = "state + " + _listed(branches)
    if gap(recomputed[at], total[at]) > 1e-5 and len(rows) == 1:
        scale = fit_scale(branches[0].rows, total - state)
        if scale is not None:
            recomputed, words = as_float64(state) + rows[0] * scale.factor, f"{words} {scale}"
    log.add(RecordedStep(
        name, title, stage, words, total[at], ("channel",),
        inputs=(source, *(branch.step for branch in branches)), recomputed=recomputed[at],
    ))  # fmt: skip


def _listed(branches: list[Branch]) -> str:
    return " + ".join(branch.step.replace("_", " ") for branch in branches)


def _norm_after(
    here: BlockPosition, summed: Tensor, total: Tensor
) -> tuple[ModuleCall, tuple[str, Tensor]] | None:
    """The norm that takes the sum, in a post-norm block, and its formula; None where none does."""
    watched, at = here.watched, here.at
    for call in watched.below:
        taken = [rows for _, rows in watched.taken(call)]
        if any(call.module.children()) or len(taken) != 1 or taken[0].shape != summed.shape:
            continue
        if not any(equal(made, total) for made in watched.made(call)):
            continue
        found = norm(call.module, summed[at : at + 1], total[at : at + 1])
        if found is not None and not equal(taken[0], total):
            return call, found
    return None


def _renormed(here: BlockPosition, branch: Branch, stage: str) -> Branch:
    """The branch after a norm of its own, where a block norms what it adds (Gemma 2)."""
    watched, at = here.watched, here.at
    for call in watched.below:
        rows = [row for _, row in watched.taken(call)]
        if len(rows) != 1 or not equal(rows[0], branch.rows) or any(call.module.children()):
            continue
        made = watched.made(call)
        if not made or made[0].shape != branch.rows.shape or equal(made[0], branch.rows):
            continue
        found = norm(call.module, rows[0][at : at + 1], made[0][at : at + 1])
        if found is None:
            continue
        name = f"{branch.step}_norm"
        here.log.add(RecordedStep(
            name, "Normalise what is added", stage, found[0], made[0][at], ("channel",),
            inputs=(branch.step,), module=(call.path, call.module), recomputed=found[1][0],
        ))  # fmt: skip
        return Branch(made[0], name)
    return branch
