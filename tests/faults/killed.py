"""Kills a process at every line of what saves a trace or a view; looks at what is left.

    python -m tests.faults.killed EVERY

Every EVERY-th line is killed at; prints how many, and what was wrong. It forks, which a process
with threads must not: so tests call it as a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cutaway as ct
from cutaway.trace.trace import Trace
from tests.app.killed import killed_at
from tests.app.storm import memory, variant
from tests.same import same

__all__ = ["kill_saves"]

_OLD, _NEW = variant(n="old"), replace(variant(n="new"), notes=("another",))


def saves() -> dict[str, Callable[[Path], object]]:
    """What is saved over an older file, by the name of the file."""
    return {
        "a.trace": _NEW.save,
        "a.json": ct.predictions(_NEW).save,
        "a.csv": ct.predictions(_NEW).save,
        "a.html": ct.predictions(_NEW).save,
    }


def is_one_of(path: Path, old: bytes, new: bytes) -> bool:
    """Whether a file is, to the byte, what it was or what it was to become."""
    found = path.read_bytes()
    if path.suffix == ".trace":
        trace: Trace = ct.open(path)
        assert same(trace, _OLD) or same(trace, _NEW)
    return found in (old, new)


def kill_saves(every: int) -> Iterator[str]:
    """Kill each save at its lines; prints how many, yields what was wrong."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        for name, save in saves().items():
            path, line, count = Path(folder) / name, every, 0
            save(path)
            new = path.read_bytes()
            old = _OLD.save(path).read_bytes() if path.suffix == ".trace" else b"old"
            path.write_bytes(old)
            while killed_at(line, lambda path=path, save=save: save(path)):  # type: ignore[misc]
                count += 1
                if not is_one_of(path, old, new):
                    yield f"{name}, line {line}: neither the old file nor the new one"
                path.write_bytes(old)
                line += every
            if path.read_bytes() != new:
                yield f"{name}: not written where nobody kills"
            parts = [part.name for part in Path(folder).glob(".*.part")]
            if len(parts) > count:
                yield f"{name}: more is left than one part for each kill"
            for part in parts:
                (Path(folder) / part).unlink()
            print(f"{name}: killed at {count} lines, {len(parts)} of them left a part behind")


if __name__ == "__main__":
    told = list(kill_saves(int(sys.argv[1])))
    print(f"{len(told)} wrong", *told, sep="\n")
    sys.exit(bool(told))
