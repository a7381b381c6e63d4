"""Kills a process at every line of what it does to a store, and looks at what is left.

    python -m tests.app.killed EVERY

Every EVERY-th line is killed at; prints how many, and what was wrong. It forks, which a process
with threads must not: so tests call it as a process of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from cutaway.app.runs.store import Runs
from tests.app.storm import Story, audit, memory, variant

__all__ = ["kill_everywhere"]

_WATCHED = ("cutaway/app/runs", "cutaway/core/files", "cutaway/trace/write_container")
State = frozenset[tuple[str, str, tuple[str, ...]]]


@dataclass(frozen=True)
class Action:
    """Something that is done to a store with runs a and b."""

    name: str
    do: Callable[[Path], object]
    prepare: Callable[[Path], object] = lambda folder: None


def _id(folder: Path, name: str) -> str:
    return Runs(folder).list(search=name)[0].id


def _strays(folder: Path) -> None:
    """As a kill or a careless hand leaves it: a run without a row, a row without, a lone note."""
    first, second = _id(folder, "first"), _id(folder, "second")
    aside = Path(shutil.copytree(folder, folder.with_name("aside")))
    Runs(folder).remove(first)
    for suffix in (".trace", ".json"):
        name = Path(first[:2]) / f"{first}{suffix}"
        shutil.copy(aside / name, folder / name)
    (folder / second[:2] / f"{second}.trace").unlink()
    shutil.rmtree(aside)


ACTIONS = (
    Action("add", lambda folder: Runs(folder).add(variant(n=3), "third", ["x"])),
    Action("add again", lambda folder: Runs(folder).add(variant(n=1), "one", ["y"])),
    Action("add a file", lambda folder: Runs(folder).add_file(folder.parent / "a.trace", "file")),
    Action("change", lambda folder: Runs(folder).change(_id(folder, "first"), "one", ["z"])),
    Action("remove", lambda folder: Runs(folder).remove(_id(folder, "first"))),
    Action("open", Runs, _strays),
    Action("rebuild", lambda folder: Runs(folder).rebuild(), _strays),
)


def killed_at(line: int, action: Callable[[], object]) -> bool:
    """Do something in a child that is killed at its n-th line; whether it came so far."""
    child = os.fork()
    if child == 0:
        left = line

        def count(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            if not any(name in frame.f_code.co_filename for name in _WATCHED):
                return None
            left -= event == "line"
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return count

        sys.settrace(count)
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def state(folder: Path) -> State:
    """What people see of a store."""
    return frozenset((run.id, run.name, run.tags) for run in Runs(folder).list())


def wrong(action: Action, base: Path, every: int) -> tuple[int, list[str]]:
    """How many lines were killed at, and what was left that is neither before nor after."""
    ready, work = base.with_name("ready"), base.with_name("work")
    shutil.copytree(base, ready)
    action.prepare(ready)
    shutil.copytree(ready, work)
    before = None if action.name in ("open", "rebuild") else state(work)
    action.do(work)
    after, found, line = state(work), [], every
    while True:
        shutil.rmtree(work)
        shutil.copytree(ready, work)
        if not killed_at(line, lambda: action.do(work)):
            break
        seen = state(work)
        told = [f"neither before nor after: {seen}"] if seen not in (before, after) else []
        found += [f"{action.name}, line {line}: {one}" for one in (*told, *audit(work, Story()))]
        action.do(work) if seen != after else None
        if state(work) != after:
            found.append(f"{action.name}, line {line}: can't be done again")
        line += every
    for folder in (ready, work):
        shutil.rmtree(folder)
    return line // every - 1, found


def kill_everywhere(every: int) -> Iterator[str]:
    """Kill each action at its lines; prints how many, yields what was wrong."""
    # In memory: a kill takes nothing that was written, a power cut would.
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        base = Path(folder) / "base"
        for n, name in ((1, "first"), (2, "second")):
            Runs(base).add(variant(n=n), name, [name])
        variant(n="file").save(Path(folder) / "a.trace")
        for action in ACTIONS:
            count, found = wrong(action, base, every)
            print(f"{action.name}: killed at {count} lines")
            yield from found


if __name__ == "__main__":
    told = list(kill_everywhere(int(sys.argv[1])))
    print(f"{len(told)} wrong", *told, sep="\n")
