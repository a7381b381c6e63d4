"""Damages trace files in every way and counts what is not caught: `python -m tests.fuzz`.

A damaged file must raise FileError when it is opened or when the damaged array is read, or give
the very trace that was written. Other numbers, or another exception, are a failure.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cutaway.core.errors import FileError
from cutaway.trace.read import read
from cutaway.trace.same import same
from cutaway.trace.trace import Trace

from .trace.linear import linear_trace

__all__ = ["damages", "outcome"]


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


def outcome(path: Path, trace: Trace) -> str:
    """What a damaged file gives: "caught", "same", or the failure in words."""
    try:
        return "same" if same(read(path), trace) else "OTHER NUMBERS"
    except FileError:
        return "caught"
    except Exception as problem:  # any other one is what this looks for
        return f"{type(problem).__name__}: {problem}"


def main() -> None:
    """Damage a small trace file in every way and print what was not caught."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--every", type=int, default=1, help="every n-th byte (1: all)")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    trace = linear_trace(keep=["neurons", "lens", "attention"])
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.trace"
        raw = trace.save(path).read_bytes()
        for what, content in damages(raw, every=given.every, seed=given.seed):
            path.write_bytes(content)
            result = outcome(path, trace)
            counts[result] = counts.get(result, 0) + 1
            if result not in ("caught", "same"):
                print(f"{what}: {result}")
    print(f"{sum(counts.values())} damaged files: {counts}")
    if set(counts) - {"caught", "same"}:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
