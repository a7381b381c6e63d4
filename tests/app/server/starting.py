"""Servers for the tests: started in this process, on a free port, with a client that may enter."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from cutaway.app.server.service import Service
from cutaway.app.server.settings import Limits
from cutaway.app.serving import BoundServer, RunningServer, ServerOptions, bind_server
from cutaway.model.lm import LM

__all__ = ["Brake", "Started", "braked", "events", "started", "wait_for"]


@dataclass(frozen=True)
class Started:
    """A server that runs, and a client of it that has the cookie."""

    app: RunningServer
    service: Service
    client: httpx.Client

    @property
    def base(self) -> str:
        """Its address without the token."""
        return self.service.settings.address

    def post_run(self, text: str = "The keys to the", **wanted: Any) -> str:
        """Post a prompt; the job's id."""
        answer = self.client.post("/api/runs", json={"text": text, **wanted})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job"])

    def ended(self, job: str) -> dict[str, Any]:
        """A job when it is over."""
        for _ in range(600):
            found: dict[str, Any] = self.client.get(f"/api/jobs/{job}").json()
            if found["state"] not in ("queued", "running"):
                return found
            time.sleep(0.02)
        raise AssertionError(f"the job did not end: {found}")

    def run(self, text: str = "The keys to the", **wanted: Any) -> str:
        """The id of the run that a prompt has become."""
        job = self.ended(self.post_run(text, **{"max_new_tokens": 3, **wanted}))
        assert job["state"] == "done", job
        return str(job["run"])


@contextmanager
def started(
    folder: Path, lm: LM | None, limits: Limits | None = None, **options: Any
) -> Iterator[Started]:
    """A server with one model on its list, or none."""
    bound = bind_server(ServerOptions(runs=folder, **options))
    settings = replace(bound.settings, limits=limits or Limits())
    server = BoundServer(settings, bound.listener, bound.runs).server()
    if lm is not None:
        server.service.models.add_loaded(lm)
    app = RunningServer(server)
    try:
        with httpx.Client(base_url=settings.address, timeout=60) as client:
            assert client.get(app.url).status_code == 303
            yield Started(app, server.service, client)
    finally:
        app.stop()


@dataclass(frozen=True)
class Brake:
    """Holds a model at the start of a forward pass: `entered` says it is there, `free` lets go."""

    entered: threading.Event
    free: threading.Event


@contextmanager
def braked(lm: LM) -> Iterator[Brake]:
    """While inside, every pass of the model waits until it is let go."""
    brake = Brake(threading.Event(), threading.Event())

    def wait(*_: Any) -> None:
        brake.entered.set()
        assert brake.free.wait(30)

    handle = lm.model.register_forward_pre_hook(wait)
    try:
        yield brake
    finally:
        brake.free.set()
        handle.remove()


def events(answer: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(event, id, data) of a stream of server-sent events."""
    name = number = ""
    for line in answer.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "id":
            number = value
        elif key == "data":
            yield name, number, json.loads(value)
        elif not line:
            name = number = ""


def wait_for(what: Any, seconds: float = 20.0) -> None:
    """Until it is so; fails where it does not become so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
