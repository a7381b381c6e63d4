"""Python's search for unreachable cycles, put off while much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles of unreachable objects in here; on again after it, if it was on.

    Importing transformers' model code and filling a model makes a million objects, none of them
    garbage, which are searched again and again: a third of the time of loading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
