"""A trace's file for as long as a tracker takes to copy it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.files import scratch

if TYPE_CHECKING:
    from ...trace.trace import Trace

__all__ = ["filed"]


@contextmanager
def filed(trace: Trace, name: str) -> Iterator[Path]:
    """The trace saved as NAME.trace in a folder that is gone afterwards."""
    with scratch() as folder:
        yield trace.save(folder / f"{name}.trace")
