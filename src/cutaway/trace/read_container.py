"""Opening the bytes of a trace file: everything is checked, nothing in it is ever executed.

The header is checked when the file is opened, an array when it is first read.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import FileError
from .write_container import DTYPES, FORMAT, LENGTH, VERSION

__all__ = ["Container", "damaged", "read_container"]

_LONGEST_TABLE = 100_000_000  # the bound safetensors itself sets
_MOST_WORDS = 300


@dataclass(frozen=True)
class _Entry:
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    begin: int
    end: int


@dataclass(frozen=True)
class _File:
    """Which file was opened, and as it was then."""

    path: str
    inode: tuple[int, int]
    state: tuple[int, int]

    @classmethod
    def of(cls, path: Path, found: os.stat_result) -> _File:
        """The file at a path, as the system describes it."""
        state = found.st_size, found.st_mtime_ns
        return cls(os.path.abspath(path), (found.st_dev, found.st_ino), state)  # noqa: PTH100

    def changed(self) -> bool:
        """Whether it was written to; one that is no longer at its path can't be."""
        try:
            now = _File.of(Path(self.path), os.stat(self.path))  # noqa: PTH116
        except OSError:
            return False
        return now.inode == self.inode and now.state != self.state


@dataclass(frozen=True, eq=False)
class Container:
    """An opened trace file: its header, and arrays that are read when asked for."""

    path: Path
    header: Mapping[str, Any]
    _entries: Mapping[str, _Entry]
    _data: memoryview
    _file: _File
    _checked: set[str] = field(default_factory=set)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays."""
        return tuple(self._entries)

    def part(self, prefix: str, header: Mapping[str, Any]) -> Container:
        """The arrays whose names begin so, by the rest of their names."""
        entries = {
            name.removeprefix(prefix): entry
            for name, entry in self._entries.items()
            if name.startswith(prefix)
        }
        return Container(self.path, header, entries, self._data, self._file)

    def without(self, prefix: str) -> Container:
        """The arrays whose names do not begin so."""
        kept = {name: e for name, e in self._entries.items() if not name.startswith(prefix)}
        return Container(self.path, self.header, kept, self._data, self._file)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, without reading it."""
        return self._entries[name].shape

    def dtype(self, name: str) -> str:
        """The type of an array's numbers by safetensors' name, without reading it."""
        return self._entries[name].dtype

    def checksum(self, name: str) -> str:
        """The SHA-256 that an array had when it was written, without reading it."""
        return self._entries[name].sha256

    def array(self, name: str) -> NDArray[Any]:
        """An array, read-only and mapped from the file; its checksum is verified the first time.

        Raises FileError where the bytes are not those that were written, and where the
        file itself was written to since it was opened; another one in its place is no matter.
        """
        if self._file.changed():
            raise FileError(self.path, "was written to after it was opened", fix="open it again")
        entry = self._entries[name]
        raw = self._data[entry.begin : entry.end]
        if name not in self._checked:
            if hashlib.sha256(raw).hexdigest() != entry.sha256:
                raise damaged(self.path, f"the array {name!r} is not what was written")
            self._checked.add(name)
        return np.frombuffer(raw, dtype=DTYPES[entry.dtype]).reshape(entry.shape)


def damaged(path: Path, how: str) -> FileError:
    """The error for a trace file whose content is not what was written."""
    # What is wrong may be a text of any length.
    words = how if len(how) <= _MOST_WORDS else f"{how[: _MOST_WORDS - 1]}…"
    return FileError(path, f"is damaged: {words}", fix="copy or save the trace again")


def read_container(path: Path) -> Container:
    """Open a trace file: its header is checked, no array is read.

    Raises FileError for a file that is missing, foreign, newer, cut off or damaged.
    """
    data, file = _mapped(path)
    table, arrays_at = _read_table(path, data)
    header = _read_header(path, table.pop("__metadata__", None))
    entries = _read_entries(path, header.pop("arrays", None), table)
    needed = max((entry.end for entry in entries.values()), default=0)
    _check_length(path, needed, len(data) - arrays_at)
    return Container(path, header, entries, data[arrays_at:], file)


def _mapped(path: Path) -> tuple[memoryview, _File]:
    """The bytes of a file, none of them read yet, and which file it is."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                raise FileError(path, "is empty", fix="save the trace again")
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            return data, _File.of(path, os.fstat(file.fileno()))
    except FileError:
        raise
    except IsADirectoryError:
        raise FileError(path, "is a folder", fix="give the name of a trace file") from None
    except FileNotFoundError:
        raise FileError(path, "is not there", fix="check the name") from None
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        why = getattr(problem, "strerror", None) or problem  # the rest of it is the path
        raise FileError(path, f"can't be read: {why}") from problem


def _read_table(path: Path, data: memoryview) -> tuple[dict[str, Any], int]:
    """The safetensors table, and where the arrays begin."""
    if bytes(data[8:9]) != b"{":
        raise _foreign(path, data)
    length = LENGTH.unpack(data[:8])[0]
    if length > min(len(data) - 8, _LONGEST_TABLE):
        raise FileError(
            path, f"is cut off or damaged: its table claims {length} bytes of {len(data)}",
            fix="copy or save the trace again",
        )  # fmt: skip
    try:
        table = json.loads(bytes(data[8 : 8 + length]))
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise damaged(path, "its table is no JSON object")
    return table, 8 + length


def _read_header(path: Path, metadata: object) -> dict[str, Any]:
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise FileError(
            path, "is a safetensors file, but no trace",
            fix="open a file written by trace.save(path)",
        )  # fmt: skip
    version, text = metadata.get("version"), metadata.get("header")
    if isinstance(version, str) and version.isdecimal() and int(version[:9]) > VERSION:
        raise FileError(
            path,
            f"was written by a newer Cutaway (format {version[:9]}; this one reads {VERSION})",
            fix="pip install -U cutaway",
        )  # fmt: skip
    if version not in [str(known) for known in range(1, VERSION + 1)] or not isinstance(text, str):
        raise damaged(path, f"its version {version!r} does not exist")
    checksum = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    if checksum != metadata.get("sha256"):
        raise damaged(path, "its header is not what was written")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise damaged(path, "its header is no JSON object")
    return header


def _read_entries(path: Path, listed: object, table: dict[str, Any]) -> dict[str, _Entry]:
    """The arrays by name, in the order of the file; table and header must agree on them."""
    entries: dict[str, _Entry] = {}
    begin = 0
    try:
        if not isinstance(listed, dict) or set(listed) != set(table):
            raise ValueError("it lists other arrays than its header")
        for name, says in listed.items():
            dtype, shape = says["dtype"], tuple(says["shape"])
            if not all(type(size) is int and size >= 0 for size in shape):
                raise ValueError(f"the array {name!r} has no shape")
            end = begin + prod(shape) * np.dtype(DTYPES[dtype]).itemsize
            claim = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
            if table[name] != claim:
                raise ValueError(f"the array {name!r} is not where its header says")
            entries[name] = _Entry(dtype, shape, str(says["sha256"]), begin, end)
            begin = end
    except (KeyError, TypeError, ValueError) as problem:
        raise damaged(path, f"{problem}") from None
    return entries


def _check_length(path: Path, needed: int, have: int) -> None:
    if have != needed:
        how = "is cut off" if have < needed else "is damaged"
        raise FileError(
            path, f"{how}: its arrays take {needed} bytes, and it has {have}",
            fix="copy or save the trace again",
        )  # fmt: skip


def _foreign(path: Path, data: memoryview) -> FileError:
    # A plain pickle, or the archive that torch.save writes.
    pickled = bytes(data[:2]).startswith((b"\x80", b"PK"))
    what = "is no trace" + (
        ": it looks like a pickle, and opening one of those could run any code" if pickled else ""
    )
    return FileError(path, what, fix="open a file written by trace.save(path)")
