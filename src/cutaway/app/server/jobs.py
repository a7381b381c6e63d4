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
from .bell import Bell
from .halt import Halt, Halted
from .problems import told
from .worker import Task, Worker

__all__ = ["Job", "Jobs", "Token"]

#: How many jobs that are over can still be asked for.
_REMEMBERED = 200
_OVER = ("done", "failed", "cancelled", "interrupted")


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
        self._ending = "cancelled"
        self._bells: set[Bell] = set()
        self._seen = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in _OVER

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
        if not self.over:
            for name, value in values.items():
                setattr(self, name, value)
        self.ring()

    def say(self, token: Token) -> None:
        """Add a token and tell the listeners."""
        self.tokens.append(token)
        self.change(done=len(self.tokens))

    def ring(self) -> None:
        """Tell the listeners that something has changed."""
        for bell in tuple(self._bells):
            bell.ring()

    def cancel(self, ending: str = "cancelled") -> None:
        """Stop it: at its next token, or at the model's next module. What is over stays so."""
        self._ending = ending
        if self.worker is not None and self.task is not None:
            self.worker.halt(self.task)

    def settle(self, result: Future[str]) -> None:
        """Take over how the work ended."""
        problem = result.exception()
        if problem is None:
            self.change(state="done", run=result.result())
        elif isinstance(problem, Halted):
            self.change(state=self._ending)
        else:
            self.change(state="failed", problem=told(problem))

    def listen(self, bell: Bell) -> None:
        """Have a bell rung at every change."""
        self._bells.add(bell)

    def leave(self, bell: Bell) -> None:
        """The opposite."""
        self._bells.discard(bell)
        self.seen()

    def seen(self) -> None:
        """Somebody has asked for it."""
        self._seen = time.monotonic()

    def lonely(self, seconds: float) -> bool:
        """Whether nobody has listened for so long to what is not to go on alone."""
        if self.over or self.keep or self._bells:
            return False
        return time.monotonic() - self._seen > seconds


class Jobs:
    """The jobs of a server: those to come, and the last that are over."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def begin(self, job: Job, worker: Worker, work: Callable[[Halt], str]) -> Job:
        """Put a job in a worker's queue; `work` gives the run's id.

        Raises FullError where the queue has no room.
        """
        job.worker, job.task = worker, Task(work)
        job.task.result.add_done_callback(job.settle)
        worker.submit(job.task)
        with self._lock:
            self._jobs[job.id] = job
            over = [each.id for each in self._jobs.values() if each.over]
            for old in over[: max(0, len(over) - _REMEMBERED)]:
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
