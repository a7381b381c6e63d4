"""What all endpoints share: the models, the runs, the jobs and the pictures of one server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from ..runs.store import Runs
from .jobs import Jobs
from .kept import Kept
from .models import Held, Models
from .settings import Settings
from .worker import Worker

if TYPE_CHECKING:
    from ...trace.card import ModelCard

__all__ = ["Here", "Service"]


class Service:
    """One server's state.

    shelf  the worker for runs whose model is not on the list: what they kept can be looked at
    """

    def __init__(self, settings: Settings, runs: Runs, device: str | None = None) -> None:
        limits = settings.limits
        self.settings, self.runs = settings, runs
        self.views = Kept(limits.views, limits.view_bytes)
        self.jobs = Jobs()
        self.models = Models(
            settings.budget, limits.waiting, device, on_drop=self._forget, on_change=self._told
        )
        self.shelf = Worker("shelf", limits.waiting)
        self.guessing = asyncio.Lock()
        self.leaving = False

    def check_open(self) -> None:
        """Refuse new work while the server is being stopped."""
        if self.leaving:
            raise HTTPException(503, "the server is being stopped", {"Retry-After": "10"})

    def at_work(self, card: ModelCard) -> tuple[Held | None, Worker]:
        """Who answers for a run: the model that made it, if it is on the list, and its worker."""
        held = self.models.maker(card)
        return held, self.shelf if held is None else held.worker

    def _forget(self, held: Held) -> None:
        self.views.forget(held.key)

    def _told(self) -> None:
        """A queue has moved: those who wait see their place."""
        for job in self.jobs.all():
            if not job.over:
                job.ring()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


#: An endpoint's way to the service.
Here = Annotated[Service, Depends(_service)]
