"""From the token to the state that enters block 0: looked up, added to, normed, widened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from ...core.errors import MissingError
from ..constants import Scale, fit_scale
from ..equality import as_float64, equal
from ..hooks import ModuleCall
from ..layout import layout_of
from ..structure import Anatomy
from .links import LeafCall, Link, find_links, formula, leaf_calls
from .step_log import RecordedStep, StepLog

__all__ = ["embedding_steps", "rows_of"]

STAGE = "embedding"
_ENTER = "Enter the residual stream"
#: How near a sum that is computed again comes to the one that a module took.
_NEAR = 1e-5
#: How many modules that give a row for each position are tried together.
_MOST = 8


@dataclass(frozen=True)
class _Addend:
    """A row for each position that may be added to the embedding: of positions, of token types.

    row  of the module's table at the position followed, None where it has no table
    """

    call: ModuleCall
    rows: Tensor
    name: str
    title: str
    words: str
    row: Tensor | None


@dataclass(frozen=True, eq=False)
class _Base:
    """(T, d) rows in float64 that others are added to; what they are; the module that made them."""

    rows: Tensor
    words: str
    link: Link | None = None


def embedding_steps(
    log: StepLog,
    anatomy: Anatomy,
    outer: Sequence[ModuleCall],
    ids: Sequence[int],
    state: Tensor,
    at: int,
) -> None:
    """From the token to the state that enters block 0, called "entering".

    outer  the calls of the modules outside the blocks, before them
    state  (T, width) that state
    """
    looked = next((call for call in outer if call.path == anatomy.embedding), None)
    given = None if looked is None else next(iter(looked.outputs.values()), None)
    rows = None if given is None else rows_of(given, len(ids))
    if looked is None or rows is None:
        raise MissingError("the embedding", because="no module gives a row for each token")
    weight = getattr(looked.module, "weight", None)
    recomputed = None
    if isinstance(weight, Tensor) and rows.shape[1] == weight.shape[1]:
        plain = as_float64(weight[ids[at]])
        scale = None if equal(plain, rows[at]) else fit_scale(plain, as_float64(rows[at]))
        recomputed = plain if scale is None else plain * scale.factor
    log.add(RecordedStep(
        "embedding", "Look the token up", STAGE, f"row {ids[at]} of the embedding table",
        rows[at], ("channel",), module=(looked.path, looked.module), recomputed=recomputed,
    ))  # fmt: skip
    _enter(log, outer, looked, rows, state, at)


def _enter(
    log: StepLog,
    outer: Sequence[ModuleCall],
    looked: ModuleCall,
    rows: Tensor,
    state: Tensor,
    at: int,
) -> None:
    """What is done to the embedding before block 0: rows added, a scale, a norm, a product."""
    seen = leaf_calls(outer, lambda tensor: rows_of(tensor, len(state)))
    others = list(_addends(outer, looked, rows, at))[:_MOST]
    every = [some for n in range(len(others) + 1) for some in combinations(others, n)]
    for base in _bases(seen, rows, at):
        for some in every:
            total = base.rows + sum(as_float64(one.rows) for one in some)
            way = find_links(seen, total, state, at, code=True, near=_NEAR)
            if way is not None:
                _entered(log, base, some, way, total, state, at)
                return
    for some in every:  # the code of the model scales the embedding, and then adds
        added = sum(as_float64(one.rows) for one in some)
        scale = _scaled(as_float64(rows), as_float64(state), added) if some else None
        if scale is not None:
            base = _Base(as_float64(rows) * scale.factor, f"embedding {scale}")
            _entered(log, base, some, [], base.rows + added, state, at)
            return
    raise MissingError(
        "how the state that enters block 0 is made",
        because="it is not the embedding and rows added to it, through norms, products or a factor",
    )


def _scaled(rows: Tensor, state: Tensor, added: Tensor | int) -> Scale | None:
    """The factor of the embedding in a state that other rows are added to."""
    if rows.shape != state.shape:
        return None
    rest = state - added
    return fit_scale(rows, rest) if bool(rest.any()) else None


def _bases(seen: Sequence[LeafCall], rows: Tensor, at: int) -> Iterator[_Base]:
    """What may be added to: the embedding, or a norm of it."""
    yield _Base(as_float64(rows), "embedding")
    for small in seen:
        if equal(small.taken, rows) and small.made.shape == rows.shape:
            link = formula(small, at)
            if link is not None and not equal(small.made, rows):
                yield _Base(as_float64(small.made), f"embedding {link.kind}", link)


def _entered(
    log: StepLog,
    base: _Base,
    some: Sequence[_Addend],
    way: Sequence[Link],
    total: Tensor,
    state: Tensor,
    at: int,
) -> None:
    """The rows that are added, their sum, and every link to the state."""
    for one in some:
        log.add(RecordedStep(
            one.name, one.title, STAGE, one.words, one.rows[at], ("channel",),
            module=(one.call.path, one.call.module), recomputed=one.row,
        ))  # fmt: skip
    names = (_started(log, base, at), *(one.name for one in some))
    others = (one.name.removesuffix("_embedding").replace("_", " ") for one in some)
    words = " + ".join((base.words, *others))
    if not way:
        log.add(RecordedStep(
            "entering", _ENTER, STAGE, words if some else f"the {words}",
            state[at], ("channel",), inputs=names, recomputed=total[at],
        ))  # fmt: skip
        return
    if some:
        log.add(RecordedStep(
            "embedding_sum", "Add them up", STAGE, words, _taken(way[0], total)[at], ("channel",),
            inputs=names, recomputed=total[at],
        ))  # fmt: skip
    for n, link in enumerate(way):
        last = n == len(way) - 1
        name, title = ("entering", _ENTER) if last else (f"embedding_{link.kind}", "")
        link.log(log, name, STAGE, at, log.steps[-1].name, title)


def _started(log: StepLog, base: _Base, at: int) -> str:
    """The step that has what is added to."""
    if base.link is None:
        return "embedding"
    return base.link.log(log, f"embedding_{base.link.kind}", STAGE, at, "embedding")


def _taken(link: Link, total: Tensor) -> Tensor:
    """The sum as the first module took it; as it was computed again, where code takes it."""
    given = () if link.call is None else link.call.inputs.values()
    taken = (rows_of(tensor, len(total)) for tensor in given)
    return next((rows for rows in taken if rows is not None), total)


def _addends(
    outer: Sequence[ModuleCall], looked: ModuleCall, rows: Tensor, at: int
) -> Iterator[_Addend]:
    """Other modules that give a row of the embedding's width for each position, larger first."""
    found = []
    for call in outer:
        if call is looked or call.module is looked.module or any(call.module.children()):
            continue
        given = (rows_of(tensor, len(rows)) for tensor in call.outputs.values())
        made = next((one for one in given if one is not None and one.shape == rows.shape), None)
        if made is not None and not equal(made, rows):
            found.append((call, made))
    found.sort(key=lambda pair: -_size(pair[0]))
    named: set[str] = set()
    for call, made in found:
        addend = _named(call, made, at, "position_embedding" in named)
        while addend.name in named:
            addend = _Addend(**{**vars(addend), "name": f"{addend.name}_again"})
        named.add(addend.name)
        yield addend


def _size(call: ModuleCall) -> int:
    return sum(p.numel() for p in call.module.parameters())


def _named(call: ModuleCall, made: Tensor, at: int, placed: bool) -> _Addend:
    """What the rows are of: positions, whose rows all differ, or token types."""
    number, row = _looked_up(call, made, at)
    T = len(made)
    differ = len(torch.unique(as_float64(made), dim=0)) == T
    if differ and not placed:
        words = f"row of position {at}" if number is None else f"row {number}, of position {at}"
        return _Addend(call, made, "position_embedding", "Look its position up", words, row)
    if number is None:
        words = "what the module gives for this position"
        return _Addend(call, made, "added_embedding", "Look more up", words, None)
    words = f"row {number} of its table"
    return _Addend(call, made, "type_embedding", "Look its token type up", words, row)


def _looked_up(call: ModuleCall, made: Tensor, at: int) -> tuple[int | None, Tensor | None]:
    """The number and the row of a module's table that it gave at a position."""
    weight: Any = getattr(call.module, "weight", None)
    if not isinstance(weight, Tensor) or weight.dim() != 2 or weight.shape[1] != made.shape[1]:
        return None, None
    hits = (as_float64(weight) == as_float64(made[at])).all(1).nonzero()
    return (int(hits[0, 0]), as_float64(weight[hits[0, 0]])) if len(hits) else (None, None)


def rows_of(tensor: Tensor, n_positions: int) -> Tensor | None:
    """(T, n) of a tensor with a row per position, None where it has none."""
    if tensor.dim() == 2:
        return tensor if len(tensor) == n_positions else None
    layout = layout_of(tensor, n_positions)
    return None if layout is None else layout.rows(tensor)[0]
