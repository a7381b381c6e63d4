"""The store of runs: every trace that is kept, by the address of its content."""

from __future__ import annotations

import builtins
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.axes import read_whole
from ...core.errors import FileError
from ...core.home import expanded
from .content import check_offered, describe, verify
from .folder import Folder, unlink
from .index import DamagedIndexError, Index
from .ingest import copy_trace, flush_file, ingest
from .note import write_note
from .reindex import reindex
from .rows import fetch, forget, one, put, where
from .run import Run, read_name, read_tags

if TYPE_CHECKING:
    import pandas as pd

    from ...model.lm import LM
    from ...trace.trace import Trace

__all__ = ["Runs", "runs"]

_MOST = 2**62
#: Runs in the table of a notebook or a prompt.
_SHOWN = 20


def runs(folder: str | Path | None = None) -> Runs:
    """The store of runs: a folder of trace files that can be listed, searched, compared.

    >>> import cutaway as ct
    >>> ct.runs().add(trace, name="paris", tags=["capital"]).id  # doctest: +SKIP
    '5d0c1f0a3b7e92c44d18'

    folder  where the runs are; without it the folder that CUTAWAY_RUNS names, or else `runs` in the
            user's data directory

    It is made where it is not there, and its index is made to agree with its files. Raises
    FileError for a folder that can't be made or written to.
    """
    return Runs(Path(folder) if folder is not None else default_folder())


def default_folder() -> Path:
    """Where runs are kept unless said otherwise."""
    import platformdirs

    given = os.environ.get("CUTAWAY_RUNS")
    own = lambda: Path(platformdirs.user_data_dir("cutaway")) / "runs"  # noqa: E731
    return expanded(given or own, "set CUTAWAY_RUNS to the folder of the runs")


class Runs:
    """A folder of runs; several processes and threads may use it at once.

    >>> store = ct.runs()  # doctest: +SKIP
    >>> [run.name for run in store.list(tag="capital")]  # doctest: +SKIP
    ['paris']
    >>> ct.logit_lens(store.open("5d0c"))  # doctest: +SKIP

    A run is named by its id or by the first digits of it, four or more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder)
        self._index = Index(self._folder.index)
        self._open()

    @property
    def folder(self) -> Path:
        """Where the runs are."""
        return self._folder.root

    @property
    def incoming(self) -> Path:
        """Where a file may be written that `add_file(path, move=True)` then takes."""
        return self._folder.incoming

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Files that are named as runs but are none, in words; found when the store was opened."""
        return self._passed

    def add(self, trace: Trace, name: str | None = None, tags: str | Iterable[str] = ()) -> Run:
        """Keep a trace; the run it has become.

        >>> ct.runs("runs").add(trace, name="paris", tags=["capital"]).tags  # doctest: +SKIP
        ('capital',)

        name  what it is called, up to 200 characters
        tags  words to find it by

        A trace whose content is there already stays one run: it gets the name, if one is given,
        and the tags beside those it has. Raises FileError where it can't be written.
        """
        given = _given(name), read_tags(tags)
        file = self._folder.new_path()
        try:
            trace.save(file)
            return ingest(self._folder, self._index, file, describe(file), *given)
        finally:
            unlink(file)

    def add_file(
        self,
        path: str | Path,
        name: str | None = None,
        tags: str | Iterable[str] = (),
        *,
        move: bool = False,
    ) -> Run:
        """Keep a trace file, after every byte of it was checked; the run it has become.

        move  take the file itself instead of a copy; it must lie on the disk of the store

        Name, tags and content that is there already: as for `add`. Raises FileError for a file
        that is no whole trace; it is left where it is.
        """
        given = _given(name), read_tags(tags)
        check_offered(Path(path))
        if move:
            run = verify(Path(path))
            return ingest(self._folder, self._index, flush_file(Path(path)), run, *given)
        file = self._folder.new_path()
        try:
            copy_trace(Path(path), file)
            return ingest(self._folder, self._index, file, verify(file), *given)
        finally:
            unlink(file)

    def get(self, run_id: str) -> Run:
        """The run of an id; UnknownError where there is none, InvalidError where several fit."""
        with self._index.reading() as database:
            return one(database, run_id)

    def path(self, run_id: str) -> Path:
        """The trace file of a run; it is read, never written."""
        path = self._folder.trace(self.get(run_id).id)
        if not path.is_file():
            raise FileError(path, "is not there any more", fix="cutaway runs rebuild")
        return path

    def open(self, run_id: str, model: LM | None = None) -> Trace:
        """The trace of a run, with the model that made it behind it if one is given."""
        from ..api import open as open_trace

        return open_trace(self.path(run_id), model)

    def list(
        self,
        search: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> builtins.list[Run]:
        """The runs, the newest first.

        >>> [run.name for run in ct.runs("runs").list(tag="capital")]  # doctest: +SKIP
        ['paris']

        search  a text that its name, a tag, its text, its model's name or its id holds, in small
                or capital letters
        tag     one of its tags, whole
        limit   how many, after `offset` that are left out
        """
        count = _MOST if limit is None else read_whole("limit", limit, 0, _MOST)
        first = read_whole("offset", offset, 0, _MOST)
        with self._index.reading() as database:
            return fetch(database, *where(search, tag), f"LIMIT {count} OFFSET {first}")

    def count(self, search: str | None = None, tag: str | None = None) -> int:
        """How many runs there are that `list` would give."""
        condition, values = where(search, tag)
        with self._index.reading() as database:
            found = database.execute(f"SELECT count(*) FROM runs WHERE {condition}", values)
            return int(found.fetchone()[0])

    def change(
        self, run_id: str, name: str | None = None, tags: str | Iterable[str] | None = None
    ) -> Run:
        """Give a run another name, other tags instead of its own, or both; "" takes the name."""
        called, tagged = _given(name), None if tags is None else read_tags(tags)
        with self._index.writing() as database:
            old = one(database, run_id)
            run = replace(
                old, name=old.name if called is None else called,
                tags=old.tags if tagged is None else tagged,
            )  # fmt: skip
            put(database, run, 0)  # first what a full disk refuses and the lock can undo
            write_note(self._folder.note(run.id), run)
            self._folder.flush(run.id)
            put(database, run, self._folder.stamp(run.id))
        return run

    def remove(self, run_id: str) -> None:
        """Delete a run, its note and its row."""
        with self._index.writing() as database:
            run = one(database, run_id)
            unlink(self._folder.trace(run.id))
            unlink(self._folder.note(run.id))
            forget(database, run.id)

    def export(self, run_id: str, path: str | Path) -> Path:
        """Copy a run's trace file to a path, after every byte of it was checked; the path."""
        source = self.path(run_id)
        verify(source)
        return copy_trace(source, Path(path))

    def table(self) -> pd.DataFrame:
        """All runs as a table of pandas, the newest first, by their ids."""
        import pandas as pd

        rows = [{**vars(run)} for run in self.list()]
        columns = list(Run.__dataclass_fields__)
        return pd.DataFrame(rows, columns=columns).set_index("id")

    def rebuild(self) -> int:
        """Make the index again from the files and their notes; how many runs there are."""
        self._open(everything=True)
        return self.count()

    def __len__(self) -> int:
        return self.count()

    def __repr__(self) -> str:
        from .listing import listed

        shown, more = self._newest()
        table = listed(shown, shutil.get_terminal_size((100, 24)).columns) if shown else ""
        rest = f"and {more:,} more: .list() has all" if more else ""
        return f"Runs in {str(self.folder)!r}: {len(shown) + more:,}\n{table}{rest}".rstrip("\n")

    def _repr_html_(self) -> str:
        from .listing import html

        return html(*self._newest())

    def _newest(self) -> tuple[builtins.list[Run], int]:
        """The runs that are shown, and how many others there are."""
        shown = self.list(limit=_SHOWN)
        return shown, max(0, self.count() - len(shown))

    def _open(self, *, everything: bool = False) -> None:
        """Make folder and index ready; a damaged index is made again, for it holds no more."""
        self._folder.ready()
        try:
            self._passed = self._reindex(everything)
        except DamagedIndexError:
            aside = self._index.put_aside()
            words = f"the index was damaged and is made again; the old one is {aside.name!r}"
            self._passed = (words, *self._reindex(everything))

    def _reindex(self, everything: bool) -> tuple[str, ...]:
        self._index.ready()
        if everything:
            self._index.check()
        return reindex(self._folder, self._index, everything=everything)


def _given(name: str | None) -> str | None:
    return None if name is None else read_name(name)
