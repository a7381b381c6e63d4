"""Memory that a pass has freed goes back to the system while what it recorded is kept.

glibc keeps freed memory for the next allocation. What is recorded between two layers lies behind
their temporary tensors, whose places then fit no later tensor (aligned ones need more room than
they leave): at 2,048 tokens a third of the peak was such holes.
"""

from __future__ import annotations

import ctypes
from functools import cache

__all__ = ["Kept", "give_back"]

#: Bytes kept between two returns: each takes tens of milliseconds, for the next tensors of the pass
#: are laid into fresh pages.
_STEP = 64_000_000


class Kept:
    """Counts the bytes that are kept, and gives freed memory back now and then.

    >>> Kept().add(100)  # below 64 MB nothing happens
    """

    def __init__(self) -> None:
        self._since = 0

    def add(self, nbytes: int) -> None:
        """So many bytes more are kept."""
        self._since += nbytes
        if self._since >= _STEP:
            self._since = 0
            give_back()


def give_back() -> None:
    """Give freed memory back, on Linux with glibc; elsewhere the system's own rules hold.

    >>> give_back()
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> ctypes._NamedFuncPointer | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
