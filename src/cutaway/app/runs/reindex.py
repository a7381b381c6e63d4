"""Making the index agree with the files, after a process was killed or files were copied in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from sqlite3 import Connection

from ...core.errors import FileError
from .content import describe
from .folder import Folder, unlink
from .index import Index
from .note import read_note
from .rows import forget, put, stamps
from .run import Run

__all__ = ["reindex", "with_note"]

#: The stamp of no note: the row is made again whenever the store is opened.
_UNREAD = -1


def reindex(folder: Folder, index: Index, *, everything: bool = False) -> tuple[str, ...]:
    """Give every file its row, and drop rows without files and notes without runs.

    Files whose rows are there, with the note they were made from, are not read again unless
    `everything` is to be. Returns what was passed over, in words: files that are no whole run.
    """
    folder.sweep()
    with index.reading() as database:
        known = stamps(database)
    found, lone = folder.scan()
    news = [run_id for run_id in found if everything or known.get(run_id) != found[run_id]]
    if not news and known.keys() == found.keys() and not lone:
        return ()
    # Headers are read before the lock is taken, so that others who write do not wait for it.
    runs, unread = _read(folder, news)
    with index.writing() as database:
        # Since then another process may have written or removed any of them.
        late, passed = _read(folder, unread)
        for run in (*runs, *late):
            if folder.trace(run.id).exists():
                _put(folder, database, run, passed)
        for run_id in stamps(database):
            if run_id in passed or not folder.trace(run_id).exists():
                forget(database, run_id)
        for run_id in folder.scan()[1]:
            unlink(folder.note(run_id))
    return tuple(passed.values())


def with_note(folder: Folder, run: Run) -> Run:
    """The run with what its note says of it; FileError for a damaged note."""
    note = read_note(folder.note(run.id))
    if note is None:
        return run
    return replace(run, name=note.name, tags=note.tags, created=note.created)


def _put(folder: Folder, database: Connection, run: Run, passed: dict[str, str]) -> None:
    """Write the row of a run; one whose note is damaged is listed without it."""
    try:
        put(database, with_note(folder, run), folder.stamp(run.id))
    except FileError as problem:
        passed[f"{run.id}.json"] = str(problem)
        put(database, run, _UNREAD)


def _read(folder: Folder, run_ids: Iterable[str]) -> tuple[list[Run], dict[str, str]]:
    """The runs in the files of these ids, and by id why another one is none, in words."""
    runs, passed = [], {}
    for run_id in run_ids:
        path = folder.trace(run_id)
        try:
            run = describe(path)
            if run.id != run_id:
                raise FileError(
                    path, f"holds another run than its name says, {run.id}",
                    fix="move it out and add it: cutaway runs add FILE",
                )  # fmt: skip
            runs.append(run)
        except OSError as problem:  # FileError is one
            if path.exists():  # else removed meanwhile
                passed[run_id] = str(problem)
    return runs, passed
