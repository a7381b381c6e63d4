"""A trace's file for as long as a tracker takes to copy it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...trace.trace import Trace

__all__ = ["filed"]


@contextmanager
def filed(trace: Trace, name: str) -> Iterator[Path]:
    """The trace saved as NAME.trace in a folder that is gone afterwards."""
    with TemporaryDirectory() as folder:
        yield trace.save(Path(folder) / f"{name}.trace")
