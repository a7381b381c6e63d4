"""Files that are no traces, or odd ones, and what the store makes of them."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from cutaway.app.runs.listing import facts, html, listed
from cutaway.app.runs.store import Runs
from cutaway.core.errors import CutawayError
from tests.trace.linear import linear_trace

__all__ = ["odd_files", "taken", "tree"]

_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 2**70, 1e308, float("inf"), float("nan"), "", "x" * 10_000,
    "\ud800", "\0", "../../../etc/passwd", "<script>alert(1)</script>", "\x1b[2J", "\u202eabc",
    [], {}, [[]], {"": None}, list(range(300)), json.loads("[" * 400 + "]" * 400),
)  # fmt: skip


def odd_files(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """So many files: damaged copies of a trace file, and ones whose checksums are right again.

    What was done to each, and its bytes.
    """
    draw = random.Random(seed)
    raw = _bytes(linear_trace(keep=["neurons", "lens", "attention"]))
    for n in range(count):
        yield (_damaged if n % 2 else _rewritten)(raw, draw)


def taken(store: Runs, path: Path) -> str:
    """What becomes of a file: "refused", "kept", or the failure in words."""
    try:
        run = store.add_file(path, path.name[:200], ["odd"])
    except CutawayError as problem:
        words = str(problem)
        return "refused" if 0 < len(words) < 2_000 and "\n" not in words else f"words: {words!r}"
    except Exception as problem:  # any other one is what this looks for
        return f"{type(problem).__name__}: {problem}"
    trace = store.open(run.id)
    for layers in trace.materials.values():
        dict(layers)
    if store.add_file(path).id != run.id or run not in store.list():
        return "is not the run it was"
    for text in (listed([run]), html([run], 0), *(words for _, words in facts(run))):
        if {"\x1b", "\0", "\u202e"} & set(text) or "<script" in html([run], 0):
            return f"can't be shown: {text!r}"
    return "kept"


def tree(folder: Path, without: Path) -> dict[str, int]:
    """Every path below a folder with its size, but those below another one."""
    found = (path for path in folder.rglob("*") if without not in (path, *path.parents))
    return {str(path): path.stat().st_size for path in found}


def _damaged(raw: bytes, draw: random.Random) -> tuple[str, bytes]:
    """A copy with a flipped bit, a cut, noise, or another length of the table."""
    at, size = draw.randrange(len(raw)), draw.randrange(1, 64)
    kind = draw.randrange(5)
    if kind == 0:
        return f"bit at {at}", raw[:at] + bytes([raw[at] ^ 1 << draw.randrange(8)]) + raw[at + 1 :]
    if kind == 1:
        return f"cut to {at}", raw[:at]
    if kind == 2:
        return f"noise at {at}", raw[:at] + draw.randbytes(size) + raw[at + size :]
    if kind == 3:
        return f"{size} bytes twice at {at}", raw[: at + size] + raw[at:]
    return f"table of {draw.getrandbits(size)} bytes", draw.randbytes(8) + raw[8:]


def _rewritten(raw: bytes, draw: random.Random) -> tuple[str, bytes]:
    """A copy in whose header a value is another, with the checksum that belongs to it."""
    length = struct.unpack("<Q", raw[:8])[0]
    table = json.loads(raw[8 : 8 + length])
    header = json.loads(table["__metadata__"]["header"])
    what = [_changed(header, draw) for _ in range(draw.choice((1, 1, 1, 2, 5)))]
    if draw.random() < 0.1:
        what.append(_changed(table, draw))
    if isinstance(table.get("__metadata__"), dict):
        text = json.dumps(header)
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        table["__metadata__"] |= {"header": text, "sha256": digest}
    packed = json.dumps(table).encode()
    packed += b" " * (-len(packed) % 8)
    return "; ".join(what), struct.pack("<Q", len(packed)) + packed + raw[8 + length :]


def _changed(value: Any, draw: random.Random) -> str:
    """Change one entry somewhere in a JSON value, in place; what was done."""
    path = ""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw.choice(keys)
        path += f"/{key}"
        deeper = isinstance(value[key], dict | list) and len(value[key])
        if not deeper or draw.random() < 0.2:
            break
        value = value[key]
    if draw.random() < 0.15:
        del value[key]
        return f"without {path}"
    value[key] = deepcopy(draw.choice(_ODD))
    return f"{path} = {str(value[key])[:20]!r}"


def _bytes(trace: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return bytes(trace.save(Path(folder) / "a.trace").read_bytes())
