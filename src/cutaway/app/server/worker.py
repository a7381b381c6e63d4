"""One thread that does one model's work, piece by piece, and a bounded queue before it."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from ...core.progress import shown_here
from .cancellation import Cancellation, Cancelled

__all__ = ["FullError", "Task", "Worker"]

#: How much the newest piece counts in the mean time of a piece.
_NEWEST = 0.3


class FullError(Exception):
    """The queue has no room; `seconds` is when there should be some."""

    def __init__(self, waiting: int, seconds: int) -> None:
        super().__init__(f"{waiting} pieces of work wait already; try again in {seconds} s")
        self.seconds = seconds


class Task:
    """A piece of work: what is to be done, the request to stop it, and its result.

    what, done, total  how far it is, as its computations tell (core.progress)

    Work that was cancelled, waiting or running, ends in the result Cancelled.
    """

    def __init__(self, work: Callable[[Cancellation], Any]) -> None:
        self.work = work
        self.cancellation = Cancellation()
        self.result: Future[Any] = Future()
        self.what, self.done, self.total = "", 0, 0

    def run(self) -> None:
        """Do it, in the thread of the worker."""
        if not self.result.set_running_or_notify_cancel():
            return
        try:
            self.cancellation.check()
            with shown_here(self._show):
                found = self.work(self.cancellation)
        except BaseException as problem:
            self.result.set_exception(problem)
        else:
            self.result.set_result(found)

    @contextmanager
    def _show(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """Takes down how far a computation is, and stops it between two steps."""
        before = self.what, self.done, self.total
        self.what, self.done, self.total = what, 0, total

        def step() -> None:
            self.done += 1
            self.cancellation.check()

        self.cancellation.check()
        try:
            yield step
        finally:
            self.what, self.done, self.total = before


class Worker:
    """Does tasks in the order they came in; at most `room` of them wait.

    on_change  called (from any thread) when the queue has changed
    """

    def __init__(self, name: str, room: int, on_change: Callable[[], None] = lambda: None) -> None:
        self._room = room
        self._on_change = on_change
        self._tasks: deque[Task] = deque()
        #: The task that is being done.
        self.running: Task | None = None
        self._open = True
        self._changed = threading.Condition()
        self._mean = 1.0
        self._thread = threading.Thread(target=self._work, name=f"cutaway {name}", daemon=True)
        self._thread.start()

    def submit(self, task: Task, *, beyond: int = 0) -> Task:
        """Put a task in the queue; raises FullError where `room` + `beyond` tasks wait already."""
        with self._changed:
            if len(self._tasks) >= self._room + beyond:
                raise FullError(len(self._tasks), self._seconds())
            if taken := self._open:
                self._tasks.append(task)
                self._changed.notify_all()
        if not taken:
            task.result.set_exception(Cancelled())
        self._on_change()
        return task

    def place(self, task: Task) -> int:
        """How many tasks are before it, the running one counted; 0 where it runs or is done."""
        with self._changed:
            if task not in self._tasks:
                return 0
            return self._tasks.index(task) + (self.running is not None)

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return len(self._tasks)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        with self._changed:
            return not self._tasks and self.running is None

    def cancel(self, task: Task) -> None:
        """Stop a task: one that waits leaves the queue at once, one that runs ends soon."""
        task.cancellation.request()
        with self._changed:
            waited = task in self._tasks
            if waited:
                self._tasks.remove(task)
        if waited:
            if task.result.set_running_or_notify_cancel():
                task.result.set_exception(Cancelled())
            self._on_change()

    def cancel_all(self) -> None:
        """Stop what runs and what waits."""
        with self._changed:
            tasks = [*self._tasks, *([self.running] if self.running else [])]
        for task in tasks:
            self.cancel(task)

    def close(self, seconds: float = 0.0) -> bool:
        """Stop everything and end the thread; whether it ended within these seconds."""
        with self._changed:
            self._open = False
        self.cancel_all()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _seconds(self) -> int:
        """When there should be room: after half of those that wait."""
        return max(1, math.ceil(self._mean * len(self._tasks) / 2))

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._tasks and self._open:
                    self._changed.wait()
                if not self._tasks:
                    return
                self.running = task = self._tasks.popleft()
            self._on_change()
            began = time.monotonic()
            task.run()
            with self._changed:
                self._mean += _NEWEST * (time.monotonic() - began - self._mean)
                self.running = None
            del task  # what it held is free before the next one comes
            self._on_change()
