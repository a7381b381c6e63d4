"""Connections that say nothing are closed after a while: each takes one of the places there are."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Impatient"]

#: Seconds that the head of a request may take, from its first byte or from the connection's begin.
PATIENCE = 20.0


class Impatient(H11Protocol):
    """uvicorn's HTTP/1.1, which closes a connection whose next request does not come.

    uvicorn itself ends an idle connection between two requests, but neither one that never sends
    a request nor one that sends it byte by byte.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by asyncio."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(PATIENCE, self.transport.close)

    def _rest(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
