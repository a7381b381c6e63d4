"""Writers of one store, what they say of themselves, and the audit of what they left.

    python -m tests.app.storm FOLDER WRITER SECONDS

A writer says in a line of JSON what it begins and what it has finished; it may be killed anywhere.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from cutaway.app.runs.content import verify
from cutaway.app.runs.run import Run
from cutaway.app.runs.store import Runs
from cutaway.trace.trace import Trace
from tests.trace.linear import linear_trace

__all__ = ["Story", "audit", "memory", "storm", "variant"]

ROOT = Path(__file__).parents[2]
_TRACE = linear_trace(keep=["lens"])
_LONG = 3600.0


def variant(**options: object) -> Trace:
    """A small trace whose content differs with the options."""
    return replace(_TRACE, options=dict(options))


def memory() -> Path | None:
    """A folder in memory for what needs no disk, where there is one."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() else None


def write(store: Runs, writer: str, seconds: float, say: Callable[..., None]) -> None:
    """Add, change and remove runs of one's own, and add runs that all writers add."""
    end, n = time.monotonic() + seconds, 0
    own: list[str] = []
    while time.monotonic() < end:
        n += 1
        if n % 4 == 0:
            say("shared", store.add(variant(n=n), tags=[writer]).id)
            continue
        name, tags = f"{writer} {n}", ["new", writer]
        own.append(store.add(variant(writer=writer, n=n), name, tags).id)
        say("is", own[-1], name, tags)
        if n % 5 == 0:
            chosen, other = own[n % len(own)], [f"changed {n}"]
            say("may be", chosen, f"other {n}", other)
            store.change(chosen, f"other {n}", other)
            say("is", chosen, f"other {n}", other)
        if n % 7 == 0:
            chosen = own.pop(n % len(own))
            say("may be", chosen, None, None)
            store.remove(chosen)
            say("is", chosen, None, None)


@dataclass(frozen=True)
class Story:
    """What must be in the store after what its writers said.

    own     id -> the states it may be in: (name, tags), or (None, None) where it is removed
    shared  id -> the writers that have finished adding it
    """

    own: dict[str, list[tuple[str | None, tuple[str, ...] | None]]] = field(default_factory=dict)
    shared: dict[str, set[str]] = field(default_factory=dict)

    def hear(self, writer: str, what: str, run_id: str, *state: object) -> None:
        """Take in what a writer has said."""
        if what == "shared":
            self.shared.setdefault(run_id, set()).add(writer)
            return
        name, tags = state
        heard = (name, None if tags is None else tuple(tags))  # type: ignore[arg-type]
        before = self.own.get(run_id, []) if what == "may be" else []
        self.own[run_id] = [*before, heard]  # type: ignore[list-item]

    def read(self, writer: str, lines: Iterable[str]) -> None:
        """Take in all that a process has said; a line that was cut off says nothing."""
        for line in lines:
            if line.endswith("\n"):
                self.hear(writer, *json.loads(line))

    @property
    def finished(self) -> int:
        """How many runs were added for sure."""
        return len(self.own) + len(self.shared)


def audit(folder: Path, story: Story) -> list[str]:
    """What is wrong with a store after its writers have ended, in words; none where it is right."""
    store = Runs(folder)
    runs = {run.id: run for run in store.list()}
    wrong = [*store.passed_over, *_wrong_files(folder, runs)]
    for run_id, states in story.own.items():
        run = runs.get(run_id)
        state = (None, None) if run is None else (run.name, run.tags)
        wrong += [] if state in states else [f"{run_id} is {state}, not one of {states}"]
    for run_id, writers in story.shared.items():
        tags = set(runs[run_id].tags) if run_id in runs else set()
        wrong += [] if writers <= tags else [f"{run_id} of {writers} has {tags}"]
    listed = store.list()
    store.rebuild()
    wrong += [] if store.list() == listed else ["made again, the index is another"]
    return wrong


def _wrong_files(folder: Path, runs: dict[str, Run]) -> Iterator[str]:
    """Files without rows, rows without files, notes without runs, runs that are not whole."""
    files = {path.stem: path for path in folder.glob("??/*.trace")}
    notes = {path.stem for path in folder.glob("??/*.json")}
    yield from (f"{one} is listed or there, not both" for one in files.keys() ^ runs.keys())
    yield from (f"a lone note or none: {one}" for one in notes ^ files.keys())
    for run_id, path in files.items():
        if verify(path).id != run_id:
            yield f"{run_id} holds another run"


def storm(folder: Path, seconds: float, *, kills: int = 0, seed: int = 0) -> tuple[int, list[str]]:
    """Two processes and two threads of this one write to a store for so long, or with kills.

    Each kill -9 takes a process, in whose place another one is started. Returns how many runs were
    finished, and what was wrong afterwards.
    """
    store, story, draw = Runs(folder / "runs"), Story(), random.Random(seed)
    end = time.monotonic() + seconds
    threads = [_Thread(store, f"thread {n}", seconds) for n in range(2)]
    # Who is to be killed goes on until then, however slow the machine is.
    processes = [_Process(folder, f"process {n}", _LONG if n < kills else seconds) for n in (0, 1)]
    try:
        for thread in threads:
            thread.start()
        for n in range(kills):
            time.sleep(draw.uniform(0.5, 1.5) * seconds / (kills + 1))
            processes[n % 2].end(story, kill=True)
            left = _LONG if n + 2 < kills else max(0.5, end - time.monotonic())
            processes[n % 2] = _Process(folder, f"after kill {n}", left)
        for process in processes:
            process.end(story)
    finally:
        for process in processes:
            process.process.kill()
    for thread in threads:
        thread.join()
        story.read(thread.name, thread.lines)
    return story.finished, audit(folder / "runs", story)


class _Thread(threading.Thread):
    """A writer that shares a store's object with others of this process."""

    def __init__(self, store: Runs, name: str, seconds: float) -> None:
        self.lines: list[str] = []
        say = lambda *words: self.lines.append(f"{json.dumps(words)}\n")  # noqa: E731
        super().__init__(target=write, args=(store, name, seconds, say), name=name)


class _Process:
    """A writer in a process of its own, which tells its story to a file."""

    def __init__(self, folder: Path, name: str, seconds: float) -> None:
        self.name, self.path = name, folder / f"{name}.story"
        command = [sys.executable, "-m", "tests.app.storm", str(folder / "runs"), name]
        with self.path.open("w") as told:
            self.process = subprocess.Popen([*command, str(seconds)], cwd=ROOT, stdout=told)

    def end(self, story: Story, *, kill: bool = False) -> None:
        """Wait for its end, or make it, once it has begun; take in what it told."""
        while kill and not self.path.stat().st_size and self.process.poll() is None:
            time.sleep(0.01)
        if kill:
            self.process.kill()
        code = self.process.wait()
        assert code == (-9 if kill else 0), f"{self.name} ended with {code}"
        with self.path.open() as told:
            story.read(self.name, told)


def main(folder: str, writer: str, seconds: str) -> None:
    """Write to a store for some seconds."""

    def say(*words: object) -> None:
        # One write of less than a pipe's buffer: it is there whole, or hardly begun.
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    write(Runs(Path(folder)), writer, float(seconds), say)


if __name__ == "__main__":
    main(*sys.argv[1:])
