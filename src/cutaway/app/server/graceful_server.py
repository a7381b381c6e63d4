"""A server that listens at once, and stops without losing what is finished."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

from .app import application
from .errors import log_to_file
from .idle_timeout import IdleTimeoutProtocol
from .jobs import Job
from .service import Service

__all__ = ["GracefulServer"]

#: Seconds that open connections have to end after the work has.
_CONNECTION_SECONDS = 2
#: Seconds that cancelled work has to notice.
_CANCEL_SECONDS = 1.0


class GracefulServer(uvicorn.Server):
    """A server on a socket that listens already."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                application(service), log_config=None, access_log=False, server_header=False,
                proxy_headers=False, ws="none", http=IdleTimeoutProtocol,
                timeout_graceful_shutdown=_CONNECTION_SECONDS,
            )
        )  # fmt: skip
        self.service, self._listener = service, listener
        self._stopping: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested = False

    def run_until_stopped(self) -> None:
        """Serve until it is told to stop; in the main thread SIGTERM and SIGINT tell it."""
        with log_to_file(self.service.runs.folder / "serve.log"):
            asyncio.run(self._serve_listener())

    def stop(self) -> None:
        """Stop, from any thread: running work may finish for a while, then it is interrupted."""
        self._stop_requested = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has stopped
                self._loop.call_soon_threadsafe(self._begin_to_stop)

    async def _serve_listener(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stop_requested:  # before it could hear it
            self._begin_to_stop()
        await self.serve(sockets=[self._listener])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first SIGTERM or SIGINT stops gracefully, the second at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Called by a signal."""
        if self.service.stopping:
            self.force_exit = self.should_exit = True
        self.stop()

    def _begin_to_stop(self) -> None:
        if self._stopping is None:
            self.service.stopping = True
            self._stopping = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        """Let running jobs finish, interrupt the others, then close."""
        jobs = self.service.jobs.all()
        for job in jobs:
            if job.state == "queued":
                job.cancel("interrupted")
        await self._wait_for(jobs, self.service.settings.limits.shutdown_timeout)
        for job in jobs:
            job.cancel("interrupted")
        self.service.models.cancel_all()
        self.service.offline_worker.cancel_all()
        await self._wait_for(jobs, _CANCEL_SECONDS)
        for job in jobs:
            job.change(state="interrupted")  # one in the middle of a module that takes long
        self.should_exit = True

    async def _wait_for(self, jobs: list[Job], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not all(job.finished for job in jobs) and time.monotonic() < end:
            if self.force_exit:
                return
            await asyncio.sleep(0.05)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
