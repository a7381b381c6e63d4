"""How promises are measured: interleaved runs, ratios with their spread, memory at its peak.

Every benchmark has `run(smoke) -> Iterator[Figure]`, or `ROWS`, several of them by name, each of
which is measured and kept by itself. With smoke=True it is quick and small: its figures say only
that the benchmark works, so no bound is held against them.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

__all__ = [
    "Figure", "Run", "Seconds", "interleaved", "main", "median",
    "peak_megabytes", "ratio", "report", "rows_of",
]  # fmt: skip

Run = Callable[[bool], Iterator["Figure"]]


@dataclass(frozen=True)
class Seconds:
    """One run: by the clock on the wall, and of the processor over all threads.

    Processor time hardly changes when other programs run beside; wall time is what is felt.
    """

    wall: float
    processor: float


@dataclass(frozen=True)
class Figure:
    """One measured number; bound is what is promised, None where it stands only for comparison.

    spread  the smallest and largest of the repeated measurements
    reason  why the promise is not kept, where it is known
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    spread: tuple[float, float] | None = None
    reason: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.bound is None or self.value <= self.bound

    def line(self, smoke: bool) -> str:
        """The figure as one line of text; a smoke run says nothing of promises."""
        spread = f" ({self.spread[0]:.3g} to {self.spread[1]:.3g})" if self.spread else ""
        text = f"{self.name:48} {self.value:8.3g} {self.unit}{spread}"
        if self.bound is None or smoke:
            return text
        return f"{text:84} at most {self.bound:g}: {'kept' if self.kept else 'BROKEN'}"


def interleaved(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Seconds]]:
    """Times of each run; a round is each of them once, so that a slow minute slows them all.

    A run in another process (peer.py) takes its own time, and returns it.
    """
    times: dict[str, list[Seconds]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(timed(run))
    return times


def timed(run: Callable[[], object]) -> Seconds:
    """How long a run takes, or what it says it took."""
    wall, processor = time.perf_counter(), time.process_time()
    said = run()
    spent = Seconds(time.perf_counter() - wall, time.process_time() - processor)
    return said if isinstance(said, Seconds) else spent


def median(
    name: str, values: Sequence[float], unit: str = "s", bound: float | None = None
) -> Figure:
    """The median of repeated measurements, with the smallest and the largest."""
    return Figure(name, statistics.median(values), unit, bound, (min(values), max(values)))


def ratio(
    name: str,
    of: Sequence[Seconds],
    to: Sequence[Seconds],
    *,
    clock: str = "wall",
    bound: float | None = None,
    times: float = 1,
) -> Figure:
    """The median over the rounds of one run's time divided by the other's in the same round.

    times  how often the other's is counted, where only a part of the work was run
    """
    pairs = zip(of, to, strict=True)
    ratios = [getattr(a, clock) / getattr(b, clock) / times for a, b in pairs]
    return median(f"{name}, {clock} time", ratios, "x", bound)


def peak_megabytes(run: Callable[[], object]) -> float:
    """Peak memory of a run above what the process held before it, in MB (10^6 bytes).

    Its first time is counted, with what libraries then keep for good. Needs Linux with glibc.
    """
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # resets the peak
    before = _status("VmRSS")
    run()
    return (_status("VmHWM") - before) * 1024 / 1e6


def report(title: str, figures: Iterable[Figure], *, smoke: bool) -> bool:
    """Print the figures as they come; whether all promises are kept, which smoke can't tell."""
    print("\n" + title, flush=True)
    kept = True
    for figure in figures:
        print(f"  {figure.line(smoke)}", flush=True)
        kept &= smoke or figure.kept
    return kept


def rows_of(module: ModuleType) -> Mapping[str, Run]:
    """The rows of a benchmark by name; a benchmark of one has "" only, a table by hand none."""
    one = {"": module.run} if hasattr(module, "run") else {}
    rows: Mapping[str, Run] = getattr(module, "ROWS", one)
    return rows


def main(title: str, run: Run | Mapping[str, Run]) -> int:
    """A benchmark's command line; exit status 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--smoke", action="store_true", help="quick: only shows that it runs")
    smoke = parser.parse_args().smoke
    rows = run if isinstance(run, Mapping) else {"": run}
    kept = [report(f"{title} {name}", one(smoke), smoke=smoke) for name, one in rows.items()]
    return int(not all(kept))


def _status(field: str) -> int:
    """A field of /proc/self/status in kB."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise LookupError(field)
