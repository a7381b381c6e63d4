"""Stopping work on a model from another thread: at its next module, and nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Halt", "Halted"]


class Halted(BaseException):
    """The work was cancelled. No Exception, so that nothing on its way takes it for a failure."""


class Halt:
    """A request to stop, made by one thread and heeded by another."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Ask the work to stop."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise Halted where it was asked to stop."""
        if self._asked.is_set():
            raise Halted

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """While inside, every module that this thread enters heeds the request.

        Other threads use their models undisturbed, and no model carries a hook of ours: one on
        its unembedding would be taken for the user's, and be called instead of the matrix.
        """
        from torch.nn.modules.module import register_module_forward_pre_hook

        worker = threading.get_ident()

        def heed(*_: Any) -> None:
            if threading.get_ident() == worker:
                self.check()

        handle = register_module_forward_pre_hook(heed)
        try:
            yield
        finally:
            handle.remove()
