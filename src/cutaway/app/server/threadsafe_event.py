"""An event of the event loop that any thread may set."""

from __future__ import annotations

import asyncio
from contextlib import suppress

__all__ = ["ThreadsafeEvent"]


class ThreadsafeEvent:
    """Wakes one waiting coroutine; made in its event loop, set from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake who waits, or will wait next."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """Wait until it is set, and clear it; whether that came within these seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        self._event.clear()
        return True
