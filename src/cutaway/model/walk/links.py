"""The way from some rows to others through small modules of a model, each by its own formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from ...core.errors import MissingError
from ...trace.walk import TOLERANCE
from ..constants import fit_scale
from ..equality import as_float64, close, equal
from ..hooks import ModuleCall
from .formulas import activation, gap, linear, norm
from .position import BlockPosition
from .step_log import RecordedStep, StepLog

__all__ = ["LeafCall", "Link", "find_links", "formula", "leaf_calls", "norm_into"]

_LONGEST = 6
_NEAR = 1e-5
#: What a link of each kind does, in words.
_TITLES = {
    "norm": "Normalise", "projection": "Mix the entries", "activation": "Bend the entries",
    "scale": "Scale",
}  # fmt: skip


@dataclass(frozen=True)
class LeafCall:
    """One call of a module that holds no others: (T, n) rows in, (T, m) rows out."""

    call: ModuleCall
    taken: Tensor
    made: Tensor


@dataclass(frozen=True)
class Link:
    """One step of a way, at one position.

    kind        norm, projection, activation or scale;  words  its formula
    rows        (T, m) what the model had after it
    recomputed  (m,) its row by the formula, in float64
    call        of the module that does it, None where code does it
    """

    kind: str
    words: str
    rows: Tensor
    recomputed: Tensor
    call: ModuleCall | None = None

    @property
    def module(self) -> tuple[str, nn.Module] | None:
        """Path and module."""
        return None if self.call is None else (self.call.path, self.call.module)

    def log(
        self, log: StepLog, name: str, stage: str, at: int, source: str, title: str = ""
    ) -> str:
        """Add it as the step that comes of another, the source; returns its name."""
        log.add(RecordedStep(
            name, title or _TITLES[self.kind], stage, self.words, self.rows[at], ("channel",),
            inputs=(source,), module=self.module, recomputed=self.recomputed,
        ))  # fmt: skip
        return name


def leaf_calls(
    calls: Iterable[ModuleCall], rows: Callable[[Tensor], Tensor | None]
) -> list[LeafCall]:
    """The calls of modules without modules in them that took rows and gave rows.

    rows  tells the (T, n) rows of a tensor, None where it has none
    """
    found = []
    for call in calls:
        if any(call.module.children()) or not call.outputs:
            continue
        taken = [one for one in map(rows, call.inputs.values()) if one is not None]
        made = rows(next(iter(call.outputs.values())))
        if len(taken) == 1 and made is not None:
            found.append(LeafCall(call, taken[0], made))
    return found


def find_links(
    seen: Sequence[LeafCall], start: Tensor, target: Tensor, at: int, *, code: bool = False,
    near: float = 0.0,
) -> list[Link] | None:  # fmt: skip
    """The links from (T, n) rows to (T, m) rows; [] where they are the same, None without a way.

    code  whether a factor or an activation that is no module may lie between two modules
    near  how far the start may lie from what a module took, relative to its largest entry: it may
          be a sum that was computed again; all after it are the model's own rows
    """
    if start.shape == target.shape and close(start, target, near):
        return []
    return _onward(seen, start, target, at, code, _LONGEST, near)


def _onward(
    seen: Sequence[LeafCall], start: Tensor, target: Tensor, at: int, code: bool, left: int,
    near: float = 0.0,
) -> list[Link] | None:  # fmt: skip
    if equal(start, target):
        return []
    if not left:
        return None
    for small in seen:
        if not close(small.taken, start, near) or close(small.made, start, near):
            continue
        rest = _onward(seen, small.made, target, at, code, left - 1)
        link = None if rest is None else formula(small, at)
        if rest is not None and link is not None:
            return [link, *rest]
    for link in _by_code(seen, start, target, at) if code else ():
        rest = _onward(seen, link.rows, target, at, False, left - 1)
        if rest is not None:
            return [link, *rest]
    return None


def formula(small: LeafCall, at: int) -> Link | None:
    """What a module does to one row, by whichever formula gives it."""
    module, x, y = small.call.module, small.taken[at : at + 1], small.made[at : at + 1]
    found = norm(module, x, y) if x.shape == y.shape else None
    if found is not None:
        return Link("norm", found[0], small.made, found[1][0], small.call)
    found = linear(module, x)
    if found is not None and gap(found[1], y) <= TOLERANCE:
        return Link("projection", found[0], small.made, found[1][0], small.call)
    found = activation(y, x, None) if x.shape == y.shape else None
    if found is None:
        return None
    return Link("activation", _of_input(found[0]), small.made, found[1][0], small.call)


def _by_code(seen: Sequence[LeafCall], start: Tensor, target: Tensor, at: int) -> Iterator[Link]:
    """A factor, or an activation, whose result is what some module takes, or the target."""
    for rows in (target, *(small.taken for small in seen)):
        if rows.shape != start.shape or close(rows, start, _NEAR):
            continue
        if (scale := fit_scale(start, rows)) is not None:
            yield Link("scale", f"input {scale}", rows, as_float64(start[at]) * scale.factor)
        elif (found := activation(rows[at], start[at], None)) is not None:
            yield Link("activation", _of_input(found[0]), rows, found[1])


def _of_input(words: str) -> str:
    return words.replace("(up)", "(input)")


def norm_into(
    here: BlockPosition, taken: Tensor, stage: str, name: str, source: str, state: Tensor
) -> str:
    """The step whose rows a part takes: the state itself, or a norm of it; returns its name.

    taken   (T, width) what the part takes;  state  (T, width) what the norm takes
    """
    way = find_links(leaf_calls(here.watched.below, here.watched.rows), state, taken, here.at)
    if way == []:
        return source
    if way is None or len(way) > 1 or way[0].kind != "norm":
        raise MissingError(
            f"the norm before {stage}", because="no norm of the block gives what it takes"
        )
    return way[0].log(here.log, name, stage, here.at, source)
