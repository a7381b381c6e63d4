"""The index of the store: SQLite, written by one process at a time, read by any.

It holds nothing that the files do not: where it is lost or damaged it is made again from them.
Every call has a connection of its own, so that threads and forked processes share none.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import FileError
from .rows import SCHEMA, enable

__all__ = ["DamagedIndexError", "Index"]

_VERSION = 1
#: Seconds that a call waits for others who write.
_TIMEOUT = 60.0
_REPAIR = "cutaway runs rebuild"


class DamagedIndexError(FileError):
    """The file of the index is no index any more; it can be made again."""


@dataclass(frozen=True)
class Index:
    """The index in a file."""

    path: Path

    def ready(self) -> None:
        """Make it where it is not there; FileError for one that is damaged or newer."""
        with self._connected() as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise FileError(
                    self.path, "was written by a newer Cutaway", fix="pip install -U cutaway"
                )
            if version < _VERSION:
                _write_ahead(database)
                with _changing(database):
                    for line in SCHEMA:
                        database.execute(line)
                    database.execute(f"PRAGMA user_version = {_VERSION}")

    def check(self) -> None:
        """Read all of it; FileError where it is damaged."""
        with self._connected() as database:
            found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise DamagedIndexError(self.path, f"is damaged ({found})", fix=_REPAIR)

    def put_aside(self) -> Path:
        """Give a damaged one another name, so that it can be made again; that name."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path.replace(aside)
        return aside

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees what was last finished, also while others write."""
        with self._connected() as database:
            yield database

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone may change the store, index and files, until it is left."""
        with self._connected() as database, _changing(database):
            yield database

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, _TIMEOUT, isolation_level=None)) as database:
                # The files are the truth: what a power cut takes of the index, they give back.
                database.execute("PRAGMA synchronous = NORMAL")
                enable(database)
                yield database
        except sqlite3.Error as problem:
            raise _explained(self.path, problem) from problem


@contextmanager
def _changing(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        if database.in_transaction:
            database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _write_ahead(database: sqlite3.Connection) -> None:
    """Let readers go on while one writes; SQLite itself does not wait for others who ask for it."""
    end = time.monotonic() + _TIMEOUT
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _explained(path: Path, problem: sqlite3.Error) -> FileError:
    words = str(problem)
    if "locked" in words or "busy" in words:
        how = f"is in use: another process has been writing for more than {_TIMEOUT:.0f} s"
        return FileError(path, how, fix="end that process, or try again")
    if "malformed" in words or "not a database" in words or "no such" in words:
        return DamagedIndexError(path, f"is damaged ({words})", fix=_REPAIR)
    if "full" in words:
        return FileError(path, "can't be written: the disk is full", fix="free some space")
    return FileError(path, f"can't be used: {words}", fix="may its folder be written to?")
