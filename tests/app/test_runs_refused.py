"""What the store refuses, in words; nothing is written outside its folder, nothing half."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cutaway as ct
from cutaway.app.runs import index as index_module
from cutaway.app.runs import ingest
from cutaway.app.runs.store import Runs
from cutaway.core.errors import FileError, InvalidError
from tests.app.odd_files import odd_files, taken, tree
from tests.app.storm import variant

NAMES = (
    "<script>alert(1)</script>", "../../../etc/passwd", "/etc/passwd", "C:\\x", "a\0b", "\x1b[2J",
    "😀 שלום ‮", "x" * 200, "CON", ".", "a\nb", "'; DROP TABLE runs; --", '"', "%s%n", "{0}", " ",
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Runs:
    return ct.runs(tmp_path / "runs")


def test_names_and_tags_are_kept_as_they_are_and_make_no_path(store: Runs, tmp_path: Path) -> None:
    tags = [name for name in NAMES if name.strip()]
    paths = set()
    for n, name in enumerate(NAMES):
        run = store.add(variant(n=n), name, tags)
        paths |= {f"{run.id[:2]}/{run.id}{suffix}" for suffix in (".trace", ".json")}
        assert run.name == name
        assert store.list(search=name)[0].name == name or name == " "
    assert store.rebuild() == len(NAMES)
    assert [run.name for run in store.list()][::-1] == list(NAMES)
    assert {run.tags for run in store.list()} == {tuple(tags)}
    assert all(store.count(tag=tag) == len(NAMES) for tag in tags)
    files = {p.relative_to(store.folder).as_posix() for p in store.folder.rglob("*") if p.is_file()}
    assert files - {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"} == paths
    assert tree(tmp_path, store.folder) == {}


@pytest.mark.parametrize(
    ("name", "tags", "words"),
    [
        ("x" * 201, (), "up to 200 characters; this one has 201"),
        (None, ["x" * 201], "up to 200 characters"),
        (3, (), "name of a run 3; allowed: a text"),
        (None, 3, "invalid tags 3"),
        (None, [None], "tag None; allowed: a text"),
        (None, [" "], "not blank"),
        ("\ud800", (), "without lone surrogates"),
        (None, [str(n) for n in range(101)], "up to 100"),
    ],
)
def test_other_names_and_tags_are_refused(store: Runs, name: Any, tags: Any, words: str) -> None:
    run = store.add(variant(n=0), "name", ["tag"])
    for call in (
        lambda: store.add(variant(n=1), name, tags),
        lambda: store.change(run.id, name, tags or None),
        lambda: store.add_file(store.path(run.id), name, tags),
    ):
        with pytest.raises(InvalidError, match=words):
            call()
    assert store.list() == [run]


def test_more_tags_than_a_run_may_have_are_not_gathered(store: Runs) -> None:
    run = store.add(variant(n=0), tags=[str(n) for n in range(100)])
    with pytest.raises(InvalidError, match="number of tags 101"):
        store.add(variant(n=0), tags="one more")
    assert store.list() == [run]


@pytest.mark.parametrize("arguments", [{"limit": -1}, {"offset": True}, {"search": "\ud800"}])
def test_a_wrong_search_is_refused(store: Runs, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        store.list(**arguments)


def test_what_is_no_trace_file_is_refused(store: Runs, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello")
    for name, words in {
        "": "is a folder", "fifo": "no plain file", "empty": "is empty", "text": "is no trace",
        "none": "is not there", "a\0b": "null", "x" * 300: "too long",
    }.items():  # fmt: skip
        for move in (False, True):
            with pytest.raises(FileError, match=words):
                store.add_file(tmp_path / name, move=move)
    assert len(store) == 0
    assert list(store.incoming.iterdir()) == []
    assert (tmp_path / "text").exists()


def test_a_header_that_would_take_gigabytes_to_read_is_refused_unread(
    store: Runs, tmp_path: Path
) -> None:
    """100 MB of "[[],[]," take 2.5 GB while they are parsed."""
    path = tmp_path / "bomb.trace"
    with path.open("wb") as file:
        file.write((99_000_000).to_bytes(8, "little") + b'{"a":[')
        file.truncate(99_000_100)
    for move in (False, True):
        with pytest.raises(FileError, match="a header of 99,000,000 bytes"):
            store.add_file(path, move=move)


def test_a_link_is_copied_and_not_moved(store: Runs, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(variant(n=0).save(tmp_path / "a.trace"))
    with pytest.raises(FileError, match="is a link"):
        store.add_file(tmp_path / "link", move=True)
    assert store.path(store.add_file(tmp_path / "link").id).is_symlink() is False
    assert (tmp_path / "link").is_symlink()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("file", "file/below", "a\0b", "x" * 300):
        with pytest.raises(FileError, match="can't be made"):
            ct.runs(tmp_path / folder)
    (tmp_path / "runs" / "index.sqlite").mkdir(parents=True)
    with pytest.raises(FileError, match="unable to open database file"):
        ct.runs(tmp_path / "runs")


def refuse(*_: Any, **__: Any) -> Any:
    raise PermissionError(errno.EACCES, "Permission denied")


def fill(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_that_may_not_be_written_to_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(FileError, match="can't be made: permission denied; name another folder"):
        ct.runs(tmp_path / "runs")


def full_index(*_: Any) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def full_from(call: int) -> Callable[[int], None]:
    """An fsync for which the disk is full from its n-th call on."""
    calls = iter(range(1, 100))

    def fsync(descriptor: int) -> None:
        if next(calls) >= call:
            fill()

    return fsync


@pytest.mark.parametrize(
    ("home", "name", "stub"),
    [
        (os, "fsync", full_from(1)), (os, "fsync", full_from(2)), (os, "fsync", full_from(3)),
        (Path, "replace", fill), (Path, "replace", refuse), (Path, "mkdir", fill),
        (ingest, "put", full_index),
    ],
)  # fmt: skip
def test_a_full_disk_leaves_the_store_as_it_was(
    store: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Any, name: str, stub: Any
) -> None:
    kept = store.add(variant(n=1), "kept", ["a"])
    before = tree(store.folder, store.incoming)
    path = variant(n=2).save(tmp_path / "a.trace")
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.add(variant(n=2), "name"), lambda: store.add_file(path, "name"),
        lambda: store.add_file(path, "name", move=True),
    )  # fmt: skip
    for call in calls[: 1 if name == "fsync" else None]:
        with monkeypatch.context() as patched:
            patched.setattr(home, name, stub)
            with pytest.raises(FileError, match=r"disk is full|permission"):
                call()
        assert list(store.incoming.iterdir()) == []
        assert set(tree(store.folder, store.incoming)) - set(before) <= new_folders(store)
        assert ct.runs(store.folder).list() == [kept]
    assert path.is_file()
    assert store.add_file(path, "name", move=True).name == "name"


@pytest.mark.parametrize(("home", "name", "stub"), [(os, "fsync", fill), (Path, "replace", fill)])
def test_a_full_disk_leaves_a_name_as_it_was(
    store: Runs, monkeypatch: pytest.MonkeyPatch, home: Any, name: str, stub: Any
) -> None:
    run = store.add(variant(n=1), "kept", ["a"])
    with monkeypatch.context() as patched:
        patched.setattr(home, name, stub)
        with pytest.raises(FileError, match="disk is full"):
            store.change(run.id, "other", ["b"])
    assert store.get(run.id) == ct.runs(store.folder).get(run.id) == run


def new_folders(store: Runs) -> set[str]:
    """Folders of the store that are empty, and what SQLite has beside the index."""
    folders = {
        str(path) for path in store.folder.iterdir() if path.is_dir() and not any(path.iterdir())
    }
    return folders | {f"{store.folder / 'index.sqlite'}{suffix}" for suffix in ("-wal", "-shm")}


def test_an_index_in_use_is_said(store: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(variant(n=0))
    monkeypatch.setattr(index_module, "_TIMEOUT", 0.1)
    other = sqlite3.connect(store.folder / "index.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(FileError, match=r"is in use: .*end that process"):
        store.add(variant(n=1))
    assert len(store.list()) == 1  # reading goes on meanwhile
    other.execute("ROLLBACK")
    other.close()
    assert store.add(variant(n=1)).id == store.list()[0].id


def test_a_newer_index_is_refused(store: Runs) -> None:
    with sqlite3.connect(store.folder / "index.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(FileError, match="newer Cutaway"):
        ct.runs(store.folder)


def test_a_run_whose_file_is_gone_is_said(store: Runs) -> None:
    run = store.add(variant(n=0))
    store.path(run.id).unlink()
    for call in (store.path, store.open, lambda one: store.export(one, "x.trace")):
        with pytest.raises(FileError, match=r"is not there any more; .* rebuild"):
            call(run.id)
    assert store.rebuild() == 0


@pytest.mark.slow
def test_odd_files_are_refused_or_kept_whole(
    store: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of `make fuzz`, which has 10,000."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    counts: dict[str, int] = {}
    path = tmp_path / "odd.trace"
    for what, content in odd_files(500):
        path.write_bytes(content)
        result = taken(store, path)
        counts[result] = counts.get(result, 0) + 1
        assert result in ("refused", "kept"), f"{what[:200]}: {result[:500]}"
    assert min(counts.values()) > 25
    assert tree(tmp_path, store.folder) == {str(path): len(content)}
    assert list(store.incoming.iterdir()) == []
    listed = store.list()
    assert store.rebuild() == len(listed)
    assert store.list() == listed
