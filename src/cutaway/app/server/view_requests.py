"""A request for a view: which worker makes it, of what, and how it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from .cancellation import Cancellation, Cancelled
from .models import ModelEntry
from .service import Service
from .worker import Task, Worker

if TYPE_CHECKING:
    from ...model.lm import LM
    from ..view import View

__all__ = ["ViewRequest", "respond"]

_CLIENT_CLOSED_REQUEST = 499  # as nginx calls it; nobody reads it


@dataclass(frozen=True)
class ViewRequest:
    """A view that is wanted.

    worker   who makes it
    models   those that it needs, None for a run whose model is not on the list
    subject  what it is of: two requests for the same get one view
    make     makes it, with the models loaded
    """

    worker: Worker
    models: tuple[ModelEntry | None, ...]
    subject: tuple[str, ...]
    make: Callable[[Sequence[LM | None]], View]

    def answer(
        self, service: Service, cancellation: Cancellation, then: Callable[[View], Response]
    ) -> Response:
        """Make it, unless it is there, and do with it what is wanted: the worker's part."""
        loaded = [None if entry is None else service.models.acquire(entry) for entry in self.models]
        keys = tuple(entry.key for entry in self.models if entry is not None)
        with cancellation.hooked() if keys else nullcontext():  # without a model torch stays out
            answer = then(service.views.get((keys, self.subject), lambda: self.make(loaded)))
        service.views.evict()  # what was asked of it, it may hold now
        return answer


async def respond(
    service: Service, request: Request, wanted: ViewRequest, then: Callable[[View], Response]
) -> Response:
    """The answer to a request, made by its worker; stopped where the client goes away before.

    Raises FullError where the worker's queue has no room.
    """
    service.check_open()
    task = wanted.worker.submit(
        Task(lambda cancellation: wanted.answer(service, cancellation, then))
    )
    done = asyncio.ensure_future(_finished(task))
    disconnected = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({done, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise HTTPException(_CLIENT_CLOSED_REQUEST, "nobody waits for this any more")
        answer: Response = done.result()
        return answer
    finally:
        disconnected.cancel()
        wanted.worker.cancel(task)
        await asyncio.wait({done})
        done.exception()  # looked at, also where nobody waits for it any more


async def _finished(task: Task) -> Any:
    try:
        return await asyncio.wrap_future(task.result)
    except Cancelled:
        raise HTTPException(503, "this work was stopped") from None


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
