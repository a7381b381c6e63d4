"""Running a server: listening at once, and leaving without losing what is finished."""

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
from .jobs import Job
from .patience import Impatient
from .problems import logged_to
from .service import Service

__all__ = ["Running"]

#: Seconds that open connections have to end after the work has.
_CONNECTIONS = 2
#: Seconds that halted work has to notice.
_LAST_WORDS = 1.0


class Running(uvicorn.Server):
    """A server on a socket that listens already."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                application(service), log_config=None, access_log=False, server_header=False,
                proxy_headers=False, ws="none", http=Impatient,
                timeout_graceful_shutdown=_CONNECTIONS,
            )
        )  # fmt: skip
        self.service, self._listener = service, listener
        self._leaving: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_leave = False

    def work(self) -> None:
        """Serve until it is told to leave; in the main thread SIGTERM and SIGINT tell it."""
        with logged_to(self.service.runs.folder / "serve.log"):
            asyncio.run(self._work())

    def leave(self) -> None:
        """Stop, from any thread: running work may finish for a while, then it is interrupted."""
        self._told_to_leave = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has left
                self._loop.call_soon_threadsafe(self._begin_to_leave)

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._told_to_leave:  # before it could hear it
            self._begin_to_leave()
        await self.serve(sockets=[self._listener])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first SIGTERM or SIGINT leaves gracefully, the second at once."""
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
        if self.service.leaving:
            self.force_exit = self.should_exit = True
        self.leave()

    def _begin_to_leave(self) -> None:
        if self._leaving is None:
            self.service.leaving = True
            self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        """Let running jobs finish, interrupt the others, then close."""
        jobs = self.service.jobs.all()
        for job in jobs:
            if job.state == "queued":
                job.cancel("interrupted")
        await self._until_over(jobs, self.service.settings.limits.leaving)
        for job in jobs:
            job.cancel("interrupted")
        self.service.models.halt()
        self.service.shelf.halt_all()
        await self._until_over(jobs, _LAST_WORDS)
        for job in jobs:
            job.change(state="interrupted")  # one in the middle of a module that takes long
        self.should_exit = True

    async def _until_over(self, jobs: list[Job], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not all(job.over for job in jobs) and time.monotonic() < end:
            if self.force_exit:
                return
            await asyncio.sleep(0.05)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
