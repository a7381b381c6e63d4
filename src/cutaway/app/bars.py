"""Progress bars of long computations: there after two seconds, gone when the work is done."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from typing import Any

from ..core.progress import Step

__all__ = ["DELAY", "bar"]

#: Seconds of work without a bar.
DELAY = 2.0
#: Seconds between two looks at how far the work is.
_BEAT = 0.5
#: The bar of work that can't be counted.
_ELAPSED = "{desc}: {elapsed}"


@contextmanager
def bar(what: str, total: int) -> Iterator[Step]:
    """A bar of tqdm.auto where people look: in a notebook, or where stderr is a terminal.

    total  how many steps; 0 where they can't be counted: then the time that went by is shown, but
           in marimo, whose own bars are shown there
    """
    marimo = sys.modules.get("marimo")
    shown: _Bar | _InMarimo
    if marimo is not None and marimo.running_in_notebook() and total:
        shown = _InMarimo(marimo.status, what, total)
    elif _looked_at():
        shown = _Bar(what, total)
    else:
        yield _unseen
        return
    try:
        yield shown.step
    finally:
        shown.close()


class _Bar:
    """Drawn by a thread of its own, for one step of the work may take long."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._begun = time.time()
        self._over = threading.Event()
        context = copy_context()  # which cell of a notebook the bar belongs to
        self._drawer = threading.Thread(target=context.run, args=(self._draw,), daemon=True)
        self._drawer.start()

    def step(self) -> None:
        self._done += 1

    def close(self) -> None:
        self._over.set()
        self._drawer.join()

    def _draw(self) -> None:
        if self._over.wait(DELAY):
            return
        drawn = _tqdm(self._what, self._total)
        drawn.start_t = self._begun
        while True:
            drawn.n = self._done
            drawn.refresh()
            if self._over.wait(_BEAT):
                break
        drawn.n = drawn.total = self._done  # a notebook keeps a bar that is not full
        drawn.close()


class _InMarimo:
    """marimo's own bar, which only the thread that runs the cell can draw: step by step."""

    def __init__(self, status: Any, what: str, total: int) -> None:
        self._status, self._what, self._total = status, what, total
        self._done, self._begun = 0, time.monotonic()
        self._stack = ExitStack()
        self._drawn: Any = None

    def step(self) -> None:
        self._done += 1
        if self._drawn is not None:
            self._drawn.update()
        elif self._done < self._total and time.monotonic() - self._begun > DELAY:
            bar = self._status.progress_bar(
                title=self._what, total=self._total, remove_on_exit=True
            )
            self._drawn = self._stack.enter_context(bar)
            self._drawn.update(increment=self._done)

    def close(self) -> None:
        self._stack.close()


def _tqdm(what: str, total: int) -> Any:
    from tqdm.auto import tqdm

    counted = {"total": total} if total else {"bar_format": _ELAPSED}
    # disable=None is tqdm's own rule: nothing where the output is a file or a pipe.
    return tqdm(desc=what, unit="", leave=False, disable=None, **counted)


def _looked_at() -> bool:
    """Asked first: a quick question needs no thread."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return (shell is not None and "IPKernelApp" in shell.config) or sys.stderr.isatty()


def _unseen() -> None:
    pass
