"""Taking a file into the store: whole, once, and with its note, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ...core.errors import FileError
from ...core.files import write_whole
from .content import describe
from .folder import Folder, explained, unlink
from .index import Index
from .note import write_note
from .reindex import with_note
from .rows import put
from .run import Run, read_tags

__all__ = ["copy_trace", "flush_file", "ingest"]


def ingest(
    folder: Folder, index: Index, file: Path, run: Run, name: str | None, tags: tuple[str, ...]
) -> Run:
    """Give a file, which holds that run, its place, its note and its row; the run it has become.

    The note comes first, so that a run never lies there without its name; then the file, by one
    rename; then the row, which is found again from both where this process is killed before it.
    """
    with index.writing() as database:
        there = folder.trace(run.id).is_file()
        new = replace(run, created=datetime.now(UTC))
        old = with_note(folder, new) if there else new
        final = replace(
            old, name=old.name if name is None else name, tags=read_tags(old.tags + tags)
        )
        with _rolled_back(folder, file, run.id, there=there):
            folder.make_place(run.id)
            if not there or final != old:
                write_note(folder.note(run.id), final)
            # An equal file takes the place of one that is there: that one may be damaged by now.
            folder.move_in(file, run.id)
            folder.flush(run.id)
            put(database, final, folder.stamp(run.id))
            database.execute("COMMIT")
    return final


def copy_trace(source: Path, target: Path) -> Path:
    """Copy a trace file, whole or not at all; the target.

    Raises FileError for what is no trace and where the target can't be written.
    """
    describe(source)  # refused before gigabytes of something else are copied
    with source.open("rb") as file:
        return write_whole(target, lambda other: shutil.copyfileobj(file, other, 1 << 20))


def flush_file(file: Path) -> Path:
    """Bring a file that is to be moved to the disk; FileError for a link, which would lead away."""
    if file.is_symlink():
        raise FileError(file, "is a link", fix="without move=True what it leads to is copied")
    with explained(file, "moved"), file.open("r+b") as opened:
        os.fsync(opened.fileno())
    return file


@contextmanager
def _rolled_back(folder: Folder, file: Path, run_id: str, *, there: bool) -> Iterator[None]:
    """Where this fails, a run that was not there before is not there afterwards."""
    try:
        yield
    except BaseException:
        if not there:
            with explained(file, "put back"):
                if folder.trace(run_id).exists():
                    folder.trace(run_id).replace(file)
            unlink(folder.note(run_id))
        raise
