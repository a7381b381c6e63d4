"""The store keeps what it is given, once, by content; finds it; is made again from its files."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.runs.rows import put
from cutaway.app.runs.store import Runs, default_folder
from cutaway.core.errors import CutawayError, FileError, InvalidError, UnknownError
from cutaway.trace.trace import Trace
from tests.app.storm import variant
from tests.same import same
from tests.trace.linear import linear_trace


@pytest.fixture
def store(tmp_path: Path) -> Runs:
    return ct.runs(tmp_path / "runs")


def test_what_is_kept_is_the_trace(store: Runs) -> None:
    trace = linear_trace(keep=["neurons", "lens", "attention"])
    before = datetime.now(UTC)
    run = store.add(trace, name="first", tags=["a", "b", "a"])
    assert same(store.open(run.id), trace)
    assert run == store.get(run.id) == store.list()[0]
    assert (run.name, run.tags, run.model, run.text) == ("first", ("a", "b"), "linear", trace.text)
    assert (run.n_tokens, run.produced, run.kept) == (5, 2, trace.kept)
    assert run.bytes == store.path(run.id).stat().st_size
    assert before <= run.created <= datetime.now(UTC)
    assert store.path(run.id) == store.folder / run.id[:2] / f"{run.id}.trace"
    assert list(store.incoming.iterdir()) == []


def test_the_same_content_is_one_run(store: Runs, tmp_path: Path) -> None:
    trace = linear_trace(keep=["lens"])
    run = store.add(trace, name="first", tags="a")
    again = store.add(linear_trace(keep=["lens"]), tags=["b", "a"])
    saved = store.add_file(store.open(run.id).save(tmp_path / "a.trace"), name="third")
    assert [again.id, saved.id] == [run.id] * 2
    assert (again.name, again.tags, again.created) == ("first", ("a", "b"), run.created)
    assert (saved.name, saved.tags) == ("third", ("a", "b"))
    assert len(store) == 1


def test_every_other_content_is_another_run(store: Runs) -> None:
    trace = linear_trace(keep=["lens"])
    changed = [
        linear_trace(keep=["lens"], seed=1), linear_trace(), linear_trace(keep=["lens", "neurons"]),
        replace(trace, options={"seed": 1}), replace(trace, notes=()),
        replace(trace, card=replace(trace.card, revision="other")),
        replace(trace, tokens=replace(trace.tokens, n_prompt=4)), nudged(trace),
    ]  # fmt: skip
    ids = [store.add(one).id for one in (trace, *changed)]
    assert len(set(ids)) == len(ids) == store.count()


def nudged(trace: Trace) -> Trace:
    """The trace with the last bit of one number turned."""
    layers = dict(trace.materials["states"])
    layers[1] = layers[1].copy()
    layers[1][2, 3] = np.nextafter(layers[1][2, 3], np.float32(9))
    return replace(trace, materials={"states": layers})


def test_the_order_of_arrays_and_keys_is_no_content(store: Runs) -> None:
    trace = linear_trace(keep=["neurons"])
    turned = {
        name: dict(reversed(layers.items())) for name, layers in reversed(trace.materials.items())
    }
    other = replace(trace, materials=turned, options=dict(reversed(trace.options.items())))
    assert store.add(other).id == store.add(trace).id


def test_runs_are_found(store: Runs) -> None:
    runs = [
        store.add(variant(n=n), name, tags)
        for n, (name, tags) in enumerate(
            [("Straße", ["draft"]), ("", ["Bias", "a"]), ("50%_off", ["a"]), ('"[x]', [])]
        )
    ]
    newest = runs[::-1]
    assert store.list() == newest
    assert store.list(limit=2, offset=1) == newest[1:3]
    assert store.list(limit=0) == []
    assert store.list(search="STRASSE") == [runs[0]]
    assert store.list(search="bias") == store.list(tag="Bias") == [runs[1]]
    assert store.list(tag="bias") == []
    assert store.list(search="%_") == [runs[2]]  # no wildcard of SQL
    assert store.list(search='"[') == [runs[3]]  # nothing of how tags are stored
    assert store.list(search="שלום") == newest
    assert store.list(search=runs[2].id[3:9]) == [runs[2]]
    assert store.list(search="linear", tag="a") == [runs[2], runs[1]]
    assert [store.count(tag=tag) for tag in ("a", "draft", "x", "")] == [2, 1, 0, 0]
    table = store.table()
    assert table.index.tolist() == [run.id for run in newest]
    assert table.loc[runs[0].id, "tags"] == ("draft",)
    assert str(table["created"].dtype).startswith("datetime64")


def test_names_and_tags_are_changed(store: Runs) -> None:
    run = store.add(variant(n=1), "one", ["a"])
    assert store.change(run.id, name="two") == replace(run, name="two")
    assert (
        store.change(run.id, tags=["x"])
        == store.get(run.id)
        == replace(run, name="two", tags=("x",))
    )
    assert store.change(run.id[:6], name="", tags=()) == replace(run, name="", tags=())
    store.remove(run.id)
    assert (store.count(), store.list()) == (0, [])
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == ["index.sqlite"]
    with pytest.raises(UnknownError, match="cutaway runs list"):
        store.remove(run.id)


def test_an_id_is_named_by_its_first_digits(store: Runs) -> None:
    run = store.add(variant(n=1))
    other = run.id[:4] + ("1" if run.id[4] == "0" else "0") + run.id[5:]
    with store._index.writing() as database:
        put(database, replace(run, id=other), 0)
    assert store.get(run.id[:5]) == run
    with pytest.raises(InvalidError, match=f"there are .*{run.id}"):
        store.get(run.id[:4])
    for wrong in ("abc", "", "../../etc/passwd", f"{run.id}0", "%" * 6, "\0" * 5, run.id.upper()):
        with pytest.raises((InvalidError, UnknownError)):
            store.path(wrong)


def test_a_store_is_made_again_from_its_files(store: Runs, tmp_path: Path) -> None:
    for n in range(4):
        store.add(variant(n=n), f"run {n}", ["a", f"{n}"])
    listed = store.list()
    for name in ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"):
        (store.folder / name).unlink(missing_ok=True)
    assert ct.runs(store.folder).list() == listed
    (store.folder / "index.sqlite").write_bytes(b"damaged" * 1000)
    assert "'index.sqlite.damaged'" in ct.runs(store.folder).passed_over[0]
    assert ct.runs(store.folder).list() == listed
    with sqlite3.connect(store.folder / "index.sqlite") as database:
        database.execute("ALTER TABLE runs RENAME TO others")
    database.close()
    assert "'index.sqlite.damaged'" in ct.runs(store.folder).passed_over[0]
    assert ct.runs(store.folder).list() == listed
    moved = shutil.copytree(store.folder, tmp_path / "moved")
    shutil.rmtree(moved / listed[0].id[:2])
    assert ct.runs(moved).list() == [run for run in listed if run.id[:2] != listed[0].id[:2]]
    assert store.rebuild() == 4
    assert store.list() == listed


def test_a_note_changed_by_hand_is_read_again(store: Runs) -> None:
    run = store.add(variant(n=1), "one")
    note = store.path(run.id).with_suffix(".json")
    note.write_text(json.dumps(json.loads(note.read_text()) | {"name": "by hand"}))
    assert ct.runs(store.folder).get(run.id).name == "by hand"
    note.write_text('{"name": 3}')
    opened = ct.runs(store.folder)
    assert (opened.get(run.id).name, len(opened.passed_over)) == ("", 1)
    assert "is no note of a run" in opened.passed_over[0]
    with pytest.raises(FileError, match="is no note of a run"):
        opened.add(variant(n=1))
    assert len(ct.runs(store.folder).passed_over) == 1  # as long as it is there
    note.unlink()
    assert ct.runs(store.folder).passed_over == ()


def test_files_that_are_no_runs_are_passed_over_in_words(store: Runs) -> None:
    run = store.add(variant(n=1))
    path = store.path(run.id)
    raw = path.read_bytes()
    other = path.with_name(f"{run.id[:2]}{'0' * 18}.trace")
    other.write_bytes(raw)
    path.write_bytes(raw[:-1])
    (store.folder / "ab.trace").write_bytes(b"")
    words = ct.runs(store.folder).passed_over
    assert len(words) == 1  # the row of the file that was cut is there; reading it says so
    assert f"holds another run than its name says, {run.id}" in words[0]
    with pytest.raises(FileError, match="is cut off"):
        store.open(run.id)
    assert store.rebuild() == 0
    assert sorted("is cut off" in one for one in store.passed_over) == [False, True]
    assert store.add(variant(n=1)).id == run.id
    assert path.read_bytes() == raw  # the same content makes it whole again


def test_a_run_is_copied_out_and_in(store: Runs, tmp_path: Path) -> None:
    run = store.add(variant(n=1), "one")
    path = store.export(run.id, tmp_path / "a.trace")
    assert path.read_bytes() == store.path(run.id).read_bytes()
    other = ct.runs(tmp_path / "other")
    assert other.add_file(path).id == run.id
    assert other.add_file(path, move=True).id == run.id
    assert not path.exists()
    damaged = bytearray(store.path(run.id).read_bytes())
    damaged[-1] ^= 1
    store.path(run.id).write_bytes(damaged)
    with pytest.raises(FileError, match="is not what was written"):
        store.export(run.id, path)
    assert not path.exists()


def test_a_store_shows_itself(store: Runs) -> None:
    assert repr(store) == f"Runs in {str(store.folder)!r}: 0"
    for n in range(22):
        run = store.add(variant(n=n), f"<b>run {n}</b>", ["\x1b[31m"])
    text, page = repr(store), store._repr_html_()
    assert run.id[:8] in text
    assert "‹1B›[31m" in text
    assert "\x1b" not in text
    assert "and 2 more" in text
    assert "&lt;b&gt;run 21&lt;/b&gt;" in page
    assert "<b>" not in page
    assert page.count("<tr>") == 21


def test_where_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTAWAY_RUNS", str(tmp_path / "named" / "here"))
    assert ct.runs().folder == tmp_path / "named" / "here"
    monkeypatch.delenv("CUTAWAY_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder().parts[-2:] == ("cutaway", "runs")
    assert ct.runs(str(tmp_path / "text")).folder.is_dir()


def test_what_a_killed_process_left_is_swept_after_a_day(store: Runs) -> None:
    old, new = store.incoming / "old.trace", store.incoming / ".new.trace.00.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    ct.runs(store.folder)
    assert not old.exists()
    assert new.exists()


def test_an_opened_run_answers_with_its_model(store: Runs, tiny_lm: ct.LM) -> None:
    bare = store.add(tiny_lm.trace([5, 6, 7]))
    kept = store.add(tiny_lm.trace([5, 6, 8], keep="lens"))
    with pytest.raises(CutawayError, match="keep='lens'"):
        ct.logit_lens(store.open(bare.id))
    live = ct.logit_lens(store.open(bare.id, model=tiny_lm)).data
    assert live.sizes["position"] == 3
    compared = ct.compare(store.open(bare.id, model=tiny_lm), store.open(kept.id)).data
    assert compared["run"].values.tolist() == ["a", "b", "difference"]
