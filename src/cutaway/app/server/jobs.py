"""Jobs: runs in the making, that can be watched, cancelled and asked for."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any

from ...core.errors import UnknownError
from .cancellation import Cancellation, Cancelled
from .errors import error_message
from .threadsafe_event import ThreadsafeEvent
from .worker import Task, Worker

__all__ = ["Job", "Jobs", "Token"]

#: How many jobs that are over can still be asked for.
_MOST_FINISHED = 200
_FINISHED = ("done", "failed", "cancelled", "interrupted")


@dataclass(frozen=True)
class Token:
    """A token as it was chosen; `probability` is the model's own, before temperature."""

    position: int
    id: int
    text: str
    label: str
    probability: float | None


class Job:
    """A run in the making; changed by the worker, read by everybody.

    keep   whether it goes on when nobody listens
    """

    def __init__(self, keep: bool) -> None:
        self.id = secrets.token_hex(8)
        self.kind, self.state, self.what, self.problem = "run", "queued", "", ""
        self.done, self.total = 0, 0
        self.tokens: list[Token] = []
        self.run: str | None = None
        self.keep = keep
        self.task: Task | None = None
        self.worker: Worker | None = None
        self._cancelled_as = "cancelled"
        self._listeners: set[ThreadsafeEvent] = set()
        self._last_watched = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in _FINISHED

    def to_json(self, *, tokens: bool = True) -> dict[str, Any]:
        """As the API tells it."""
        place = self.worker.place(self.task) if self.worker and self.task else 0
        said = {
            "id": self.id, "kind": self.kind, "state": self.state,
            "place": place if self.state == "queued" else 0, "done": self.done,
            "total": self.total, "what": self.what, "run": self.run, "problem": self.problem,
        }  # fmt: skip
        return said | ({"tokens": [asdict(token) for token in self.tokens]} if tokens else {})

    def change(self, **values: Any) -> None:
        """Set what is new and tell the listeners; what is over does not change."""
        if not self.finished:
            for name, value in values.items():
                setattr(self, name, value)
        self.notify()

    def add_token(self, token: Token) -> None:
        """Add a token and tell the listeners."""
        self.tokens.append(token)
        self.change(done=len(self.tokens))

    def notify(self) -> None:
        """Tell the listeners that something has changed."""
        for listener in tuple(self._listeners):
            listener.set()

    def cancel(self, ending: str = "cancelled") -> None:
        """Stop it: at its next token, or at the model's next module. What is over stays so."""
        self._cancelled_as = ending
        if self.worker is not None and self.task is not None:
            self.worker.cancel(self.task)

    def take_result(self, result: Future[str]) -> None:
        """Take over how the work ended."""
        problem = result.exception()
        if problem is None:
            self.change(state="done", run=result.result())
        elif isinstance(problem, Cancelled):
            self.change(state=self._cancelled_as)
        else:
            self.change(state="failed", problem=error_message(problem))

    def subscribe(self, listener: ThreadsafeEvent) -> None:
        """Have an event set at every change."""
        self._listeners.add(listener)

    def unsubscribe(self, listener: ThreadsafeEvent) -> None:
        """The opposite."""
        self._listeners.discard(listener)
        self.touch()

    def touch(self) -> None:
        """Somebody has asked for it."""
        self._last_watched = time.monotonic()

    def abandoned(self, seconds: float) -> bool:
        """Whether nobody has listened for so long to what is not to go on alone."""
        if self.finished or self.keep or self._listeners:
            return False
        return time.monotonic() - self._last_watched > seconds


class Jobs:
    """The jobs of a server: those to come, and the last that are over."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def submit(self, job: Job, worker: Worker, work: Callable[[Cancellation], str]) -> Job:
        """Put a job in a worker's queue; `work` gives the run's id.

        Raises FullError where the queue has no room.
        """
        job.worker, job.task = worker, Task(work)
        job.task.result.add_done_callback(job.take_result)
        worker.submit(job.task)
        with self._lock:
            self._jobs[job.id] = job
            finished = [each.id for each in self._jobs.values() if each.finished]
            for old in finished[: max(0, len(finished) - _MOST_FINISHED)]:
                del self._jobs[old]
        return job

    def get(self, job_id: str) -> Job:
        """A job; raises UnknownError for one that is not, or no longer, there."""
        with self._lock:
            if job_id not in self._jobs:
                raise UnknownError(
                    "job", job_id, fix="it may be over; GET /api/runs lists the runs"
                )
            return self._jobs[job_id]

    def all(self) -> list[Job]:
        """Every job that is known."""
        with self._lock:
            return list(self._jobs.values())
