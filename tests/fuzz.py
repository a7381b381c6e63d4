"""Damages trace files in every way and counts what is not caught: `python -m tests.fuzz`.

A damaged file must raise FileError when it is opened or when the damaged array is read, or give
the very trace that was written. Other numbers, or another exception, are a failure.

The store of runs is tried as well: odd files, many writers at once, and kills (tests/app).
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from pathlib import Path

from cutaway.app.runs.store import Runs
from cutaway.core.errors import FileError
from cutaway.trace.read import read
from cutaway.trace.trace import Trace
from cutaway.trace.write_container import LENGTH
from tests.same import same

from .app.killed import kill_everywhere
from .app.odd_files import odd_files, taken, tree
from .app.storm import memory, storm
from .trace.linear import linear_trace

__all__ = ["damages", "outcome", "swaps"]


def damages(raw: bytes, *, every: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Damaged copies of a file: flipped bits, cuts, runs of zeros, repeats, lies about lengths.

    `every` n-th byte is flipped and every n-th length cut; the rest is drawn by the seed.
    """
    draw = random.Random(seed)
    for at in range(draw.randrange(every), len(raw), every):
        bit = draw.randrange(8)
        yield f"bit {bit} of byte {at}", raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
    for length in range(draw.randrange(every), len(raw), every):
        yield f"cut to {length}", raw[:length]
    for _ in range(len(raw) // every):
        at, size = draw.randrange(len(raw)), draw.randrange(1, 64)
        yield f"{size} zeros at {at}", raw[:at] + bytes(size) + raw[at + size :]
        yield f"{size} bytes lost at {at}", raw[:at] + raw[at + size :]
        yield f"{size} bytes twice at {at}", raw[: at + size] + raw[at:]
        yield f"noise at {at}", raw[:at] + draw.randbytes(size) + raw[at + size :]
    for length in (0, 1, 2**31, 2**63, 2**64 - 1):
        yield f"table of {length}", length.to_bytes(8, "little") + raw[8:]
    yield "bytes added", raw + b"\0"


def swaps(raw: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """Copies in which two arrays have changed places, or one file has a part of another."""
    length = LENGTH.unpack(raw[:8])[0]
    table = json.loads(raw[8 : 8 + length])
    places = {name: one["data_offsets"] for name, one in table.items() if name != "__metadata__"}
    data, begin = raw[8 + length :], raw[: 8 + length]
    for (a, (low, mid)), (b, (start, end)) in combinations(places.items(), 2):
        if mid - low == end - start and low < start:
            mixed = data[:low] + data[start:end] + data[mid:start] + data[low:mid] + data[end:]
            yield f"{a} and {b} changed places", begin + mixed
    far = LENGTH.unpack(other[:8])[0]
    yield "the header of another trace", other[: 8 + far] + data
    yield "the arrays of another trace", begin + other[8 + far :]


def outcome(path: Path, trace: Trace) -> str:
    """What a damaged file gives: "caught", "same", or the failure in words."""
    try:
        return "same" if same(read(path), trace) else "OTHER NUMBERS"
    except FileError:
        return "caught"
    except Exception as problem:  # any other one is what this looks for
        return f"{type(problem).__name__}: {problem}"


def damage(every: int, seed: int) -> Iterator[str]:
    """Damage a small trace file in every way; what was not caught."""
    keep = ["neurons", "lens", "attention"]
    trace = linear_trace(keep=keep)
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.trace"
        raw = trace.save(path).read_bytes()
        other = linear_trace(seed=1, keep=keep).save(Path(folder) / "b.trace").read_bytes()
        for what, content in chain(damages(raw, every=every, seed=seed), swaps(raw, other)):
            path.write_bytes(content)
            result = outcome(path, trace)
            counts[result] = counts.get(result, 0) + 1
            if result not in ("caught", "same"):
                yield f"{what}: {result}"
    print(f"{sum(counts.values())} damaged files: {counts}")


def offer(files: int, seed: int) -> Iterator[str]:
    """Offer odd files to a store; what it did with them but refuse them or keep them whole."""
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        path, store = Path(folder) / "odd.trace", Runs(Path(folder) / "runs")
        for what, content in odd_files(files, seed):
            path.write_bytes(content)
            result = taken(store, path)
            counts[result] = counts.get(result, 0) + 1
            if result not in ("refused", "kept"):
                yield f"{what[:200]}: {result[:500]}"
        left = [*store.incoming.iterdir(), *set(tree(Path(folder), store.folder)) - {str(path)}]
        yield from (f"left behind: {one}" for one in left)
    print(f"{files} files offered to a store: {counts}")


def write_together(seconds: float, kills: int, seed: int) -> Iterator[str]:
    """Write to one store from processes and threads, some of them killed; what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        finished, wrong = storm(Path(folder), seconds, kills=kills, seed=seed)
    print(f"2 processes and 2 threads, {seconds:g} s, {kills} kills: {finished} runs finished")
    yield from wrong


def main() -> None:
    """Do all of it, each part with its time, and print what was not as it must be."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--every", type=int, default=1, help="every n-th byte (1: all)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--files", type=int, default=10_000, help="odd files for a store")
    options.add_argument("--seconds", type=float, default=60, help="of writing to one store")
    options.add_argument("--kills", type=int, default=50, help="of those who write")
    options.add_argument("--lines", type=int, default=3, help="every n-th line of code killed at")
    given = options.parse_args()
    parts: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: damage(given.every, given.seed), lambda: offer(given.files, given.seed),
        lambda: write_together(given.seconds, 0, given.seed),
        lambda: write_together(given.seconds, given.kills, given.seed),
        lambda: kill_everywhere(given.lines),
    )  # fmt: skip
    if sum(map(_told, parts)):
        raise SystemExit(1)


def _told(part: Callable[[], Iterator[str]]) -> int:
    """Do a part and print what it finds; how many that are."""
    begin, count = time.monotonic(), 0
    for words in part():
        print(words)
        count += 1
    print(f"  {count} wrong, {time.monotonic() - begin:.0f} s", flush=True)
    return count


if __name__ == "__main__":
    main()
