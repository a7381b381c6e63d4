"""A report of 200 tokens is a page of at most 8 MB that paints within 1 s of being opened."""

from __future__ import annotations

import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cutaway
from benchmarks.browser import chromium, opened
from benchmarks.promise import Figure, main
from cutaway.app.report import Report
from cutaway.render.bundle import bundle_path

ROOT = Path(__file__).parents[1]
READY = ".cutaway[data-ready]"
TOKENS = 200
MEGABYTES, PAINT, BUNDLE = 8, 1.0, 250


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2, prose, all nine sections; medians of seven openings from disk (smoke: one).

    Every token is explained, as in a text that was only read: the largest page of that length.
    Processor time is that of the page's main thread until the page is read whole.
    """
    T, rounds = (12, 1) if smoke else (TOKENS, 7)
    yield Figure("front end, gzip", len(_zipped(bundle_path())) / 1000, "kB", BUNDLE)
    report = _report(T)
    start = time.perf_counter()
    _ = report.spec
    yield Figure(f"T = {T}: everything is computed", time.perf_counter() - start, "s")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = report.save(Path(folder) / "report.html")
        yield Figure(f"T = {T}: page", path.stat().st_size / 1e6, "MB", MEGABYTES)
        openings = []
        for _round in range(rounds):
            with opened(browser, path, READY) as (_shown, opening):
                openings.append(opening)
    yield _median(f"T = {T}: first paint", [one.first for one in openings], PAINT)
    yield _median(f"T = {T}: account and sections are drawn", [one.drawn for one in openings])
    yield _median(f"T = {T}: read whole, processor time", [one.processor for one in openings])


def _report(T: int) -> Report:
    """Of the beginning of the README."""
    lm = cutaway.load()
    ids = lm.read((ROOT / "README.md").read_text("utf-8")).ids
    return cutaway.report(lm.trace(list(ids[:T])))


def _zipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 9)


def _median(name: str, seconds: Sequence[float], bound: float | None = None) -> Figure:
    spread = (min(seconds), max(seconds))
    return Figure(name, statistics.median(seconds), "s", bound, spread)


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
