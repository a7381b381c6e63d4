"""Stopping work on a model from another thread: at its next module, and nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Cancellation", "Cancelled"]


class Cancelled(BaseException):
    """The work was cancelled. No Exception, so that nothing on its way takes it for a failure."""


class Cancellation:
    """A request to stop, made by one thread and heeded by another."""

    def __init__(self) -> None:
        self._requested = threading.Event()

    def request(self) -> None:
        """Ask the work to stop."""
        self._requested.set()

    @property
    def requested(self) -> bool:
        """Whether it was asked to stop."""
        return self._requested.is_set()

    def check(self) -> None:
        """Raise Cancelled where it was asked to stop."""
        if self._requested.is_set():
            raise Cancelled

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """While inside, every module that this thread enters heeds the request.

        Other threads use their models undisturbed, and no model carries a hook of ours: one on
        its unembedding would be taken for the user's, and be called instead of the matrix.
        """
        from torch.nn.modules.module import register_module_forward_pre_hook

        worker = threading.get_ident()

        def check_thread(*_: Any) -> None:
            if threading.get_ident() == worker:
                self.check()

        handle = register_module_forward_pre_hook(check_thread)
        try:
            yield
        finally:
            handle.remove()
