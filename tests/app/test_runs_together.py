"""Several processes and threads write to one store, and are killed: nothing is lost, none is half.

Samples of `make fuzz`, which storms for a minute, kills fifty times and at every third line.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import cutaway as ct
from cutaway.app.runs.rows import put
from tests.app.storm import ROOT, Story, audit, storm, variant


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "kills"), [(5, 0), (5, 5)], ids=["whole", "killed"])
def test_nothing_is_lost_when_many_write(tmp_path: Path, seconds: float, kills: int) -> None:
    finished, wrong = storm(tmp_path, seconds, kills=kills)
    assert wrong == []
    assert finished > 10


@pytest.mark.slow
def test_a_kill_at_any_line_leaves_the_state_before_or_after() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.killed", "97"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(" lines\n") == 7
    assert done.stdout.endswith("\n0 wrong\n")


def test_the_same_run_added_by_many_at_once_is_one(tmp_path: Path) -> None:
    store = ct.runs(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda n: store.add(variant(n=0), tags=[f"{n}"]), range(8)))
    assert len({run.id for run in runs}) == len(store) == 1
    assert sorted(store.list()[0].tags) == [f"{n}" for n in range(8)]


def test_many_may_make_a_store_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: ct.runs(tmp_path / "runs"), range(8)))
    stores[0].add(variant(n=0))
    assert [len(store) for store in stores] == [1] * 8


def test_what_one_removes_another_may_add_again(tmp_path: Path) -> None:
    one, other = ct.runs(tmp_path), ct.runs(tmp_path)
    run = one.add(variant(n=0), "name", ["a"])
    opened = other.open(run.id)
    one.remove(run.id)
    assert opened.state(0).shape == (5, 8)  # an opened file stays until it is let go
    again = other.add(variant(n=0))
    assert (again.name, again.tags) == ("", ())
    assert one.list() == [again]


def test_the_audit_sees_what_is_wrong(tmp_path: Path) -> None:
    store = ct.runs(tmp_path)
    kept, lost, half, renamed = (store.add(variant(n=n), f"{n}", ["a"]) for n in range(4))
    story = Story()
    for run in (kept, lost, half, renamed):
        story.hear("w", "is", run.id, run.name, list(run.tags))
    story.hear("w", "may be", kept.id, "other", ["b"])
    story.hear("v", "shared", kept.id)
    assert audit(tmp_path, story) == [f"{kept.id} of {{'v'}} has {{'a'}}"]
    store.remove(lost.id)
    with store._index.writing() as database:
        put(database, replace(renamed, name="x"), store._folder.stamp(renamed.id))
    path = store.path(half.id)
    path.with_suffix(".json").unlink()
    words = " ".join(audit(tmp_path, story))
    assert f"{lost.id} is (None, None)" in words
    assert f"lone note or none: {half.id}" in words
    assert f"{renamed.id} is ('x', ('a',))" in words
    assert "made again, the index is another" in words
