"""What a trace file holds: its address, whether it is whole, and what the list says of it."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from ...core.errors import FileError
from ...trace.read import read
from ...trace.read_container import Container, read_container
from ...trace.write_container import LENGTH
from .run import Run

__all__ = ["DIGITS", "check_offered", "describe", "verify"]

#: Hexadecimal digits of an id: 80 bits of a SHA-256.
DIGITS = 20
#: A text of 50 tokens has 40 kB; no vocabulary and no context of today comes near.
_LONGEST_HEADER = 32_000_000


def describe(path: Path) -> Run:
    """The run in a trace file, without name and tags, created when the file was written.

    The header is read and checked, no array is. Raises FileError for a file that is no trace.
    """
    container = read_container(path)
    trace = read(path)
    return Run(
        id=_address(container), name="", tags=(),
        created=datetime.fromtimestamp(path.stat().st_mtime, UTC), model=trace.card.name,
        text=trace.text, n_tokens=trace.n_positions, produced=trace.n_positions - trace.n_prompt,
        kept=trace.kept, bytes=path.stat().st_size,
    )  # fmt: skip


def verify(path: Path) -> Run:
    """The same, after every array was read and found to be what was written."""
    run, container = describe(path), read_container(path)
    for name in container.names:
        container.array(name)
    return run


def check_offered(path: Path) -> None:
    """Refuse what must not even be opened or parsed: a pipe or a device, an endless header.

    JSON takes up to 27 times its bytes while it is read. Raises FileError.
    """
    try:
        odd = path.exists() and not path.is_file() and not path.is_dir()
        if path.is_file():
            with path.open("rb") as file:
                begin, size = file.read(9), file.seek(0, os.SEEK_END)
        else:
            begin, size = b"", 0
    except (OSError, ValueError):  # what opens it says why
        return
    if odd:
        raise FileError(path, "is no plain file", fix="give the name of a trace file")
    if begin[8:] == b"{" and _LONGEST_HEADER < (length := LENGTH.unpack(begin[:8])[0]) < size:
        raise FileError(
            path, f"has a header of {length:,} bytes; of a file, {_LONGEST_HEADER:,} are read",
            fix="add the trace itself: ct.runs().add(ct.open(path))",
        )  # fmt: skip


def _address(container: Container) -> str:
    """The digits of what was recorded: tokens, model, options, notes and every number.

    The file's bytes are not hashed as they lie: the order of arrays and keys is no content.
    """
    arrays = {
        name: [container.dtype(name), container.shape(name), container.checksum(name)]
        for name in container.names
    }
    try:
        said = json.dumps({**container.header, "arrays": arrays}, sort_keys=True)
        # A tokenizer makes no lone surrogates, and no page or index could be written with them.
        json.dumps(container.header, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError) as problem:
        raise FileError(
            container.path, f"is no trace of ours: its header can't be written again ({problem})",
            fix="open a file written by trace.save(path)",
        ) from None  # fmt: skip
    return hashlib.sha256(said.encode()).hexdigest()[:DIGITS]
