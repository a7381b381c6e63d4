"""Writing a file whole or not at all, and a folder for files that nobody keeps."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from .errors import FileError, MissingError

__all__ = ["check_target", "scratch", "write_whole"]

_CAUSES = {
    errno.ENOSPC: ("can't be written: the disk is full", "free some space or save elsewhere"),
    errno.EDQUOT: ("can't be written: your disk quota is used up", "free some space"),
    errno.EFBIG: ("can't be written: the file would be larger than allowed here", ""),
    errno.EACCES: ("can't be written: no permission", "save to a folder you may write to"),
    errno.EPERM: ("can't be written: no permission", "save to a folder you may write to"),
    errno.EROFS: ("can't be written: its disk is read-only", "save elsewhere"),
    errno.ENAMETOOLONG: ("can't be written: its name is too long", "give a shorter name"),
}


def write_whole(path: str | Path, content: bytes | Callable[[BinaryIO], None]) -> Path:
    """Write a file so that it is there whole or not at all; returns its path.

    `content` is the bytes, or a function that writes them to an open binary file. They go to a
    temporary name in the same folder, reach the disk, and only then take the path's place: an
    older file there is kept until then, and nothing half-written is left behind, not even by
    Ctrl-C.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", b"hello").read_bytes()
    b'hello'

    Raises FileError that names the path and the cause: a missing or unwritable folder, a folder
    of that name, a full disk.
    """
    path = Path(path)
    check_target(path)
    # Following links writes through them, as a plain open() would, instead of replacing them.
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.part")
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123 - the mode follows the umask
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as problem:
        if isinstance(problem, FileError):
            raise
        raise _explained(path, problem) from problem
    finally:
        with suppress(OSError):  # after success it is no longer there
            temporary.unlink()
    return path


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of one's own that is gone afterwards, where the system keeps such.

    >>> with scratch() as folder:
    ...     folder.is_dir()
    True

    Raises MissingError where none can be made: no room, no permission, no such folder.
    """
    try:
        made = TemporaryDirectory(prefix="cutaway-", ignore_cleanup_errors=True)
    except OSError as problem:
        raise MissingError(
            "a folder for temporary files", because=f"{problem.strerror}",
            fix="set TMPDIR to a folder with room that you may write to",
        ) from problem  # fmt: skip
    with made as folder:
        yield Path(folder)


def check_target(path: Path) -> None:
    """Refuse, with FileError, what can't be written as a plain file: known before any work is done.

    A device is refused because os.replace would put a file in its place.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        _check_folder(path)
        return
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        raise _explained(path, problem) from problem
    if stat.S_ISDIR(mode):
        raise FileError(path, "is a folder", fix="give the name of a file in it")
    if not stat.S_ISREG(mode):
        raise FileError(path, "is no plain file", fix="give the name of a file")
    _check_folder(path)


def _check_folder(path: Path) -> None:
    if not path.parent.exists():
        raise FileError(
            path, f"can't be written: there is no folder {str(path.parent)!r}",
            fix="make it first",
        )  # fmt: skip
    if not os.access(Path(os.path.realpath(path)).parent, os.W_OK):
        cause, fix = _CAUSES[errno.EACCES]
        raise FileError(path, cause, fix=fix)


def _explained(path: Path, problem: OSError | ValueError) -> FileError:
    code = problem.errno if isinstance(problem, OSError) else None
    reason = problem.strerror if isinstance(problem, OSError) else str(problem)
    cause, fix = _CAUSES.get(code or 0, (f"can't be written: {reason}", ""))
    return FileError(path, cause, fix=fix)
