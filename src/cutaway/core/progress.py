"""How far a long computation is: told to whoever shows it, and to nobody where nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

__all__ = ["Show", "Step", "show_with", "shown_here", "steps", "working"]

#: Called when a step is done.
Step = Callable[[], object]
#: Opens what shows a computation, named in words, of so many steps: 0 where they can't be counted.
Show = Callable[[str, int], AbstractContextManager[Step]]

Item = TypeVar("Item", covariant=True)

#: Who shows it, where somebody does.
_SHOWN: list[Show] = []
#: Who shows what this thread computes, before all others.
_HERE: ContextVar[Show | None] = ContextVar("shown here", default=None)


class _Countable(Sized, Iterable[Item], Protocol[Item]): ...


def show_with(show: Show | None) -> None:
    """Have the computations of this process shown, or, with None, no longer."""
    _SHOWN[:] = [] if show is None else [show]


@contextmanager
def shown_here(show: Show) -> Iterator[None]:
    """Have what this thread computes inside shown by this, whoever shows it elsewhere."""
    before = _HERE.set(show)
    try:
        yield
    finally:
        _HERE.reset(before)


@contextmanager
def working(what: str, total: int = 0) -> Iterator[Step]:
    """A computation of so many steps, 0 where they can't be counted; call what is given per step.

    >>> with working("factoring") as step:
    ...     step()
    """
    show = _HERE.get() or next(iter(_SHOWN), None)
    if show is None:
        yield _nothing
        return
    with show(what, total) as step:
        yield step


def steps(items: _Countable[Item], what: str) -> Iterator[Item]:
    """The items one after the other, each a step of a computation.

    >>> list(steps([5, 6], "reading"))
    [5, 6]
    """
    with working(what, len(items)) as step:
        for item in items:
            yield item
            step()


def _nothing() -> None:
    pass
