"""Connections that say nothing are closed after a while: each takes one of the places there are."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["IdleTimeoutProtocol"]

#: Seconds that the head of a request may take, from its first byte or from the connection's begin.
REQUEST_TIMEOUT = 20.0


class IdleTimeoutProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which closes a connection whose next request does not come.

    uvicorn itself ends an idle connection between two requests, but neither one that never sends
    a request nor one that sends it byte by byte.
    """

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by asyncio."""
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._start_timer()
        else:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(REQUEST_TIMEOUT, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
