"""How a trace is logged to an experiment tracker, which this room knows nothing of.

Like `source.py`, a protocol that another room fulfils; the package itself says which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..core.errors import MissingError

if TYPE_CHECKING:
    from .trace import Trace

__all__ = ["Logger", "log", "logged_by"]


class Logger(Protocol):
    """Logs a trace to a run of a tracker; returns the names under which it is found there."""

    def __call__(
        self, trace: Trace, run: Any, name: str | None, step: int | None
    ) -> tuple[str, ...]: ...


_LOGGERS: list[Logger] = []


def logged_by(logger: Logger) -> None:
    """Say who logs traces: done once, by the package, when it is imported."""
    _LOGGERS[:] = [logger]


def log(trace: Trace, run: Any, name: str | None, step: int | None) -> tuple[str, ...]:
    """Have a trace logged; the names under which it is found. MissingError where nobody logs."""
    if not _LOGGERS:
        raise MissingError(
            "a logger", because="nobody has said how traces are logged", fix="import cutaway"
        )
    return _LOGGERS[0](trace, run, name, step)
