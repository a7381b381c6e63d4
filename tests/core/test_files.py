"""A file is written whole or not at all."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from cutaway.core.errors import FileError
from cutaway.core.files import write_whole

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_and_writer_give_the_same_file(tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"one ")
        file.write(b"two")

    first = write_whole(tmp_path / "a", b"one two")
    second = write_whole(str(tmp_path / "b"), write)
    assert first.read_bytes() == second.read_bytes() == b"one two"
    assert left_in(tmp_path) == ["a", "b"]


def test_the_mode_follows_the_umask(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    assert write_whole(tmp_path / "whole", b"").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("problem", "raised", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), FileError, "the disk is full"),
        (OSError(errno.EIO, "Input/output error"), FileError, "Input/output error"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
        (ValueError("no"), ValueError, "no"),
    ],
)
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, problem: BaseException, raised: type[BaseException], words: str | None
) -> None:
    path = tmp_path / "a.trace"
    path.write_bytes(b"old")

    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise problem

    with pytest.raises(raised, match=words) as caught:
        write_whole(path, write)
    assert path.read_bytes() == b"old"
    assert left_in(tmp_path) == ["a.trace"]
    if raised is FileError:
        assert str(path) in str(caught.value)


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is a folder"),
        ("absent/a.trace", "there is no folder"),
        ("file/a.trace", "can't be written"),
        ("x" * 300, "its name is too long"),
        ("a\0b", "null byte|null character"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match=words):
        write_whole(tmp_path / name, b"x")
    assert left_in(tmp_path) == ["file"]


def test_a_device_is_never_replaced() -> None:
    with pytest.raises(FileError, match="is no plain file"):
        write_whole(os.devnull, b"x")
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(AS_ROOT, reason="root may write anywhere")
def test_an_unwritable_folder_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(FileError, match="no permission"):
            write_whole(tmp_path / "a", b"x")
    finally:
        tmp_path.chmod(0o700)
