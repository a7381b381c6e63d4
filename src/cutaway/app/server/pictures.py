"""A picture that is wanted: who makes it, of what, and what is done with it then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from .halt import Halt, Halted
from .models import Held
from .service import Service
from .worker import Task, Worker

if TYPE_CHECKING:
    from ...model.lm import LM
    from ..view import View

__all__ = ["Picture", "shown"]

_GONE = 499  # as nginx calls it; nobody reads it


@dataclass(frozen=True)
class Picture:
    """A view that is wanted.

    worker  who makes it
    models  those that it needs, None for a run whose model is not on the list
    of      what it is of: two pictures of the same are one view
    make    makes it, with the models loaded
    """

    worker: Worker
    models: tuple[Held | None, ...]
    of: tuple[str, ...]
    make: Callable[[Sequence[LM | None]], View]

    def show(self, here: Service, halt: Halt, then: Callable[[View], Response]) -> Response:
        """Make it, unless it is there, and do with it what is wanted: the worker's part."""
        loaded = [None if held is None else here.models.take(held) for held in self.models]
        keys = tuple(held.key for held in self.models if held is not None)
        with halt.heeded() if keys else nullcontext():  # without a model torch stays out
            answer = then(here.views.get((keys, self.of), lambda: self.make(loaded)))
        here.views.trim()  # what was asked of it, it may hold now
        return answer


async def shown(
    here: Service, request: Request, picture: Picture, then: Callable[[View], Response]
) -> Response:
    """The answer made of a picture by its worker; stopped where the client goes away before.

    Raises FullError where the worker's queue has no room.
    """
    here.check_open()
    task = picture.worker.submit(Task(lambda halt: picture.show(here, halt, then)))
    done = asyncio.ensure_future(_ended(task))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({done, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise HTTPException(_GONE, "nobody waits for this any more")
        answer: Response = done.result()
        return answer
    finally:
        gone.cancel()
        picture.worker.halt(task)
        await asyncio.wait({done})
        done.exception()  # looked at, also where nobody waits for it any more


async def _ended(task: Task) -> Any:
    try:
        return await asyncio.wrap_future(task.result)
    except Halted:
        raise HTTPException(503, "this work was stopped") from None


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
