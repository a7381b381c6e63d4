"""Stopping work on a model from another thread: at its next module, and nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

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
    def heeded_by(self, *models: nn.Module) -> Iterator[None]:
        """While inside, every module that this thread enters heeds the request.

        Other threads use the models undisturbed; the hooks are gone afterwards.
        """
        worker = threading.get_ident()

        def heed(*_: Any) -> None:
            if threading.get_ident() == worker:
                self.check()

        handles = [
            module.register_forward_pre_hook(heed) for model in models for module in model.modules()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
