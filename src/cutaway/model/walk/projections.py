"""Query, key and value of one position: the part of a product that each is, and its norm."""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.errors import MissingError
from ..equality import close, tolerance
from ..hooks import ModuleCall
from .formulas import linear, norm
from .heads import HeadColumns, Located, locate, per_head
from .side import Side
from .step_log import RecordedStep

__all__ = ["project", "projected"]


def project(side: Side, target: Tensor, what: str, groups: int) -> None:
    """The query, key or value of a position; with a norm per head, as two steps.

    target  (T, heads, d) of every position;  groups  key-value heads
    """
    located = locate(target, side.linears, side.watched, groups)
    if located is not None:
        projected(
            side, located.call, located.cut, located.factor, target, f"{what}_vector", what
        )  # fmt: skip
        return
    normed = _normed(side, target, groups)
    if normed is None:
        raise MissingError(
            f"the {what} projection",
            because="no part of a linear module's output in the attention is it",
        )
    located, call, rows = normed
    projected(side, located.call, located.cut, located.factor, rows, f"{what}_plain", what)
    found = _norm_per_head(call, rows[side.at], target[side.at])
    if found is None:
        raise MissingError(f"the norm of the {what}", because="it is no textbook norm")
    side.add(RecordedStep(
        f"{what}_vector", f"Normalise the {what}", side.stage, found[0], target[side.at],
        _axes(what), inputs=side.named(f"{what}_plain"), module=(call.path, call.module),
        recomputed=found[1],
    ))  # fmt: skip


def projected(
    side: Side,
    call: ModuleCall,
    cut: HeadColumns,
    factor: float,
    target: Tensor,
    name: str,
    what: str,
) -> None:
    """The step that makes a query, key or value: part of a product, times a factor."""
    taken = side.watched.taken(call)[0][1]
    found = linear(call.module, taken[side.at : side.at + 1])
    if found is None:
        raise MissingError(f"the weights of {call.path}", because="they are no plain matrix")
    before = side.step_of(taken, what)
    scaled = "" if factor == 1 else f", × {factor:.6g}"
    side.add(RecordedStep(
        name, f"{what.capitalize()} of each head", side.stage,
        f"{found[0]}{cut.words}{scaled}, split into heads", target[side.at], _axes(what),
        inputs=(before,), module=(call.path, call.module),
        recomputed=cut.take(found[1])[0] * factor,
    ))  # fmt: skip


def _axes(what: str) -> tuple[str, str]:
    """Keys and values have a head per group of query heads."""
    return ("head" if what == "query" else "group"), "feature"


def _normed(side: Side, target: Tensor, groups: int) -> tuple[Located, ModuleCall, Tensor] | None:
    """A norm between projection and target: the projection, the norm, what the norm took."""
    T, heads, d = target.shape
    for call in side.inner:
        if call in side.linears or len(call.inputs) != 1 or any(call.module.children()):
            continue
        made = [per_head(tensor, heads, d, T) for tensor in call.outputs.values()]
        if not any(
            one is not None and close(one, target, tolerance(torch.float32)) for one in made
        ):
            continue
        taken = per_head(next(iter(call.inputs.values())), heads, d, T)
        located = None if taken is None else locate(taken, side.linears, side.watched, groups)
        if located is not None and taken is not None:
            return located, call, taken
    return None


def _norm_per_head(call: ModuleCall, x: Tensor, y: Tensor) -> tuple[str, Tensor] | None:
    """The norm over each head's entries, or over those of all heads together."""
    apart = norm(call.module, x, y)
    if apart is not None:
        return f"{apart[0]}, head by head", apart[1]
    whole = norm(call.module, x.reshape(1, -1), y.reshape(1, -1))
    return None if whole is None else (whole[0], whole[1].reshape(x.shape))
