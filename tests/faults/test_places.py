"""Where it runs: no home, a home that may not be written to, other encodings, a clock set back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cutaway as ct
from cutaway.app.runs import ingest
from cutaway.core.errors import FileError, MissingError
from cutaway.core.files import scratch
from tests.app.storm import variant
from tests.models import tiny

ROOT = Path(__file__).parents[2]
TEXT = "naïve 漢 😀"
#: Lines of the command line in one process, each with its exit code.
LINES = """
import json, sys
from cutaway.app.cli import main
for line in json.loads(sys.argv[1]):
    try:
        main(line)
    except SystemExit as ended:
        print("exit", ended.code or 0, file=sys.stderr, flush=True)
"""
#: As where the system does not know its user: a container that is run under another number.
STRANGER = """
import pwd
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model."""
    folder = tmp_path_factory.mktemp("place")
    model, tokenizer = tiny("llama")
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return folder


def lines(
    cwd: Path, *given: list[str], before: str = "", **environment: str
) -> tuple[list[str], str, str]:
    """The exit codes of some lines, what they printed, and what they said."""
    known = {"PYTHONPATH": f"{ROOT / 'src'}", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", before + LINES, json.dumps(given)], cwd=cwd,
        env=known | environment, capture_output=True, check=False, timeout=900,
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, said
    assert "Traceback" not in said
    assert "mistake in cutaway" not in said
    codes = [line.split()[1] for line in said.splitlines() if line.startswith("exit ")]
    return codes, done.stdout.decode("utf-8", "replace"), said


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, "/dev/null", "/proc"])
def test_without_a_home_that_can_be_used_it_works_or_says_what_to_set(
    place: Path, home: str | None
) -> None:
    """Not even root can make a folder below the last two."""
    cwd = place / f"cwd{str(home).strip('/').replace('/', '')}"
    cwd.mkdir()
    model = ["--model", str(place / "model")]
    look = ["look", TEXT, *model, "--html", "a.html", "--png", "a.png"]
    set_to = {} if home is None else {"HOME": home}
    before = STRANGER if home is None else ""
    codes, _, said = lines(
        cwd, look, ["doctor", *model], ["runs", "list"], ["look", TEXT], before=before, **set_to
    )
    # The doctor is there to find it.
    assert codes == ["0", "2" if home is None else "0", "2", "2"], said
    assert "CUTAWAY_RUNS" in said or "name another folder" in said
    assert "CUTAWAY_CACHE" in said
    assert {path.name for path in cwd.iterdir()} == {"a.html", "a.png"}


@pytest.mark.slow
def test_no_encoding_of_the_terminal_changes_a_file_or_a_number(place: Path) -> None:
    """Pages and numbers are the same; what a terminal can't show is printed by another sign."""
    strict = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    found = []
    for environment in ({"PYTHONUTF8": "1"}, strict, {"PYTHONIOENCODING": "latin-1"}):
        cwd = place / f"encoding{len(found)}"
        cwd.mkdir()
        look = ["look", TEXT, "--model", str(place / "model")]
        files = ["--html", "a.html", "--csv", "a.csv", "--svg", "a.svg"]
        codes, out, said = lines(
            cwd, [*look, *files], [*look, "--json"], HOME=str(cwd), **environment
        )
        assert codes == ["0", "0"], said
        numbers = json.loads(out[out.index('{"attrs"') :])
        found.append(
            (numbers, *((cwd / name).read_bytes() for name in ("a.html", "a.csv", "a.svg")))
        )
    assert found[0] == found[1] == found[2]


def test_without_a_folder_for_temporary_files_it_says_which_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    told = r"a folder for temporary files: .*; set TMPDIR"
    with pytest.raises(MissingError, match=told), scratch():
        pass


class Clock(datetime):
    """A clock that is set by hand."""

    at = datetime(2026, 1, 2, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return cls.at


def test_a_clock_that_goes_back_loses_no_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ingest, "datetime", Clock)
    store, ids = ct.runs(tmp_path), []
    for n, days in enumerate((0, -400, 3, -20_000)):
        monkeypatch.setattr(Clock, "at", Clock.at + timedelta(days=days))
        ids.append(store.add(variant(n=n), f"run {n}").id)
    changed = store.change(ids[0], "renamed")
    note = tmp_path / ids[0][:2] / f"{ids[0]}.json"
    os.utime(note, (0, 0))  # as if it was written in 1970
    found = ct.runs(tmp_path).list()
    assert {run.id for run in found} == set(ids)
    assert ct.runs(tmp_path).get(ids[0]) == changed
    assert [run.created for run in found] == sorted((run.created for run in found), reverse=True)
    assert store.rebuild() == len(ids)
    assert ct.runs(tmp_path).list() == found


def test_a_clock_that_leaps_ahead_refuses_what_is_on_its_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another process that opens the store then takes the file for one that was left behind."""
    store, real = ct.runs(tmp_path), ingest.ingest

    def leap(folder: Any, *rest: Any) -> Any:
        monkeypatch.setattr("cutaway.app.runs.folder.time.time", lambda: 4e9)
        ct.runs(tmp_path)
        return real(folder, *rest)

    monkeypatch.setattr("cutaway.app.runs.store.ingest", leap)
    with pytest.raises(FileError):
        store.add(variant(n=1))
    monkeypatch.undo()
    assert store.list() == ct.runs(tmp_path).list() == []
    assert store.add(variant(n=1)).id == store.list()[0].id
