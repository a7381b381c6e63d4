"""What all endpoints share: the models, the runs, the jobs and the pictures of one server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from ..runs.store import Runs
from .jobs import Jobs
from .models import ModelEntry, ModelRegistry
from .settings import Settings
from .view_cache import ViewCache
from .worker import Worker

if TYPE_CHECKING:
    from ...trace.card import ModelCard

__all__ = ["Service", "ServiceDep"]


class Service:
    """One server's state.

    offline_worker  for runs whose model is not on the list: what they kept can be looked at
    """

    def __init__(self, settings: Settings, runs: Runs, device: str | None = None) -> None:
        limits = settings.limits
        self.settings, self.runs = settings, runs
        self.views = ViewCache(limits.views, limits.view_bytes)
        self.jobs = Jobs()
        self.models = ModelRegistry(
            settings.budget,
            limits.waiting,
            device,
            on_drop=self._forget,
            on_change=self._notify_jobs,
        )
        self.offline_worker = Worker("offline", limits.waiting)
        self.login_lock = asyncio.Lock()
        self.stopping = False

    def check_open(self) -> None:
        """Refuse new work while the server is being stopped."""
        if self.stopping:
            raise HTTPException(503, "the server is being stopped", {"Retry-After": "10"})

    def entry_and_worker(self, card: ModelCard) -> tuple[ModelEntry | None, Worker]:
        """Who answers for a run: the model that made it, if it is on the list, and its worker."""
        entry = self.models.model_of(card)
        return entry, self.offline_worker if entry is None else entry.worker

    def _forget(self, entry: ModelEntry) -> None:
        self.views.drop_model(entry.key)

    def _notify_jobs(self) -> None:
        """A queue has moved: those who wait see their place."""
        for job in self.jobs.all():
            if not job.finished:
                job.notify()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


#: An endpoint's way to the service.
ServiceDep = Annotated[Service, Depends(_service)]
