"""The folder of the store: where each file lies, what is there, what a killed process left.

ab/abcdef….trace    a run, its name the address of its content
ab/abcdef….json     its note: name, tags, when it came
incoming/           files on their way in
index.sqlite        the list, made again from the files where it is lost
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import FileError
from .content import DIGITS

__all__ = ["Folder", "explained", "unlink"]

_RUN = re.compile(rf"[0-9a-f]{{{DIGITS}}}")
_PART = re.compile(r"\..*\.part")
#: Seconds without a change after which a file on its way in has nobody left who writes it.
_LEFT = 86_400


@dataclass(frozen=True)
class Folder:
    """A store's folder; made, if need be, by `ready`."""

    root: Path

    @property
    def index(self) -> Path:
        """The file of the index."""
        return self.root / "index.sqlite"

    @property
    def incoming(self) -> Path:
        """Where files are written before they are runs; on the disk of the runs."""
        return self.root / "incoming"

    def trace(self, run_id: str) -> Path:
        """The file of a run."""
        return self.root / run_id[:2] / f"{run_id}.trace"

    def note(self, run_id: str) -> Path:
        """The note of a run."""
        return self.trace(run_id).with_suffix(".json")

    def new_path(self) -> Path:
        """A name for a file on its way in, that nobody else has."""
        return self.incoming / f"{secrets.token_hex(8)}.trace"

    def ready(self) -> None:
        """Make the folder; FileError where that can't be done."""
        with explained(self.root, "made"):
            self.incoming.mkdir(parents=True, exist_ok=True)

    def make_place(self, run_id: str) -> None:
        """Make the folder that a run's file and note lie in."""
        with explained(self.trace(run_id), "written"):
            self.trace(run_id).parent.mkdir(exist_ok=True)

    def move_in(self, file: Path, run_id: str) -> None:
        """Give a file on its way in its place among the runs."""
        with explained(self.trace(run_id), "written"):
            file.replace(self.trace(run_id))

    def flush(self, run_id: str) -> None:
        """Bring the names of a run's files to the disk: the power could take what is not there."""
        if os.name != "posix":
            return
        with explained(self.trace(run_id), "written"):
            descriptor = os.open(self.trace(run_id).parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def stamp(self, run_id: str) -> int:
        """When a run's note was last written, in nanoseconds; 0 without one."""
        try:
            return self.note(run_id).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def scan(self) -> tuple[dict[str, int], list[str]]:
        """The ids of all runs with the stamps of their notes, and ids of notes without a run."""
        files, notes = set(), {}
        for place in self.root.glob("[0-9a-f][0-9a-f]"):
            with explained(place, "read"), os.scandir(place) as entries:
                for entry in entries:
                    run_id, _, suffix = entry.name.partition(".")
                    if not _RUN.fullmatch(run_id) or run_id[:2] != place.name:
                        continue
                    if suffix == "trace" and entry.is_file(follow_symlinks=False):
                        files.add(run_id)
                    elif suffix == "json":
                        with suppress(FileNotFoundError):  # removed meanwhile
                            notes[run_id] = entry.stat().st_mtime_ns
        return {one: notes.get(one, 0) for one in files}, [one for one in notes if one not in files]

    def sweep(self) -> None:
        """Delete what processes that were killed a day ago or more had not finished."""
        latest = time.time() - _LEFT
        parts = [path for path in self.root.glob("??/.*.part") if _PART.fullmatch(path.name)]
        for path in (*parts, *self.incoming.glob("*")):
            with suppress(OSError):  # another process sweeps too
                if path.is_file() and path.stat().st_mtime < latest:
                    path.unlink()


@contextmanager
def explained(path: Path, doing: str) -> Iterator[None]:
    """Say in words what the system refuses: `path` can't be made, read, written, removed."""
    try:
        yield
    except FileError:
        raise
    except (FileExistsError, NotADirectoryError):
        raise FileError(
            path, f"can't be {doing}: a file has the name of a folder",
            fix="name another folder, or move the file",
        ) from None  # fmt: skip
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        full = isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT)
        why = problem.strerror if isinstance(problem, OSError) else problem
        words = "the disk is full" if full else f"{why}".lower()
        fix = "free some space" if full else "name another folder, or CUTAWAY_RUNS"
        raise FileError(path, f"can't be {doing}: {words}", fix=fix) from problem


def unlink(path: Path) -> None:
    """Delete a file if it is there; FileError where that is not allowed."""
    with explained(path, "removed"):
        path.unlink(missing_ok=True)
