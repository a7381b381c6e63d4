"""Every benchmark in turn: python -m benchmarks [--smoke] [--resume] [--minutes M] [NAME ...].

A NAME is that of a benchmark, or BENCHMARK.ROW.

Each row is kept when it is done (benchmarks/results/), and docs/benchmarks.md is written again: a
run that was interrupted goes on with --resume. Exit status 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import math
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import benchmarks
from benchmarks.promise import Figure, Run, report, rows_of
from benchmarks.record import RESULTS, Record, committed, read, recent, worse, write
from benchmarks.table import write_table

#: The order of a whole run: what is promised most first, what takes long last.
ORDER = (
    "recording.512", "logit_lens.256", "saliency.16", "saliency.64", "interactive", "start_up",
    "attention.ours", "recording.2048", "saliency.256", "logit_lens.64", "attention.peers",
    "logit_lens.1024", "factors", "recording.128", "logit_lens.growth", "report", "memory",
    "numerics", "serving", "clean", "long.trace", "long.lens", "long.walk", "long.neurons",
    "long.attention", "long.saliency", "long.compare", "long.report", "long_pages",
)  # fmt: skip


def run_all() -> int:
    """Run the rows asked for, one after the other; 1 where a promise is broken."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    found = {name: rows_of(import_module(f"benchmarks.{name}")) for name in names if name[0] != "_"}
    rows = {name: rows for name, rows in found.items() if rows}
    asked = _asked(sorted(rows))
    kept, start = True, time.monotonic()
    for name, row, run in _chosen(rows, asked.names, asked.smoke):
        what = _called(name, row)
        if asked.resume and recent(read(name, asked.results).get(row)):
            print(f"\n{what} was measured in the last hours: left out", flush=True)
        elif time.monotonic() - start > 60 * asked.minutes:
            print(f"\n{what} is left for --resume: {asked.minutes:g} minutes are over", flush=True)
        else:
            kept &= _one(name, row, run, asked.smoke, asked.results)
    return int(not kept)


def _asked(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--smoke", action="store_true", help="quick: only shows that they run")
    parser.add_argument("--resume", action="store_true", help="leave out what was just measured")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no row after that")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where figures are kept")
    asked = parser.parse_args()
    unknown = {one.partition(".")[0] for one in asked.names} - set(names)
    if unknown:
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; known: {', '.join(names)}")
    return asked


def _chosen(
    rows: Mapping[str, Mapping[str, Run]], names: list[str], smoke: bool
) -> list[tuple[str, str, Run]]:
    """The rows asked for, all where none is named; of a benchmark in a smoke run the first only."""
    found = [
        (name, row, run)
        for name, own in rows.items()
        for row, run in list(own.items())[: 1 if smoke else None]
        if not names or name in names or _called(name, row) in names
    ]
    return sorted(found, key=lambda one: _place(_called(*one[:2])))


def _called(name: str, row: str) -> str:
    return f"{name}.{row}" if row else name


def _place(called: str) -> int:
    return ORDER.index(called) if called in ORDER else len(ORDER)


def _one(name: str, row: str, run: Run, smoke: bool, folder: Path) -> bool:
    """Run a row, keep it and say what got worse; whether its promises are kept."""
    figures: list[Figure] = []
    load, start = os.getloadavg()[0], time.monotonic()

    def noted() -> Iterator[Figure]:
        for figure in run(smoke):
            figures.append(figure)
            yield figure

    title = (import_module(f"benchmarks.{name}").__doc__ or name).splitlines()[0]
    try:
        kept = report(f"{title} [{_called(name, row)}]", noted(), smoke=smoke)
    except Exception:  # the others are measured all the same
        traceback.print_exc()
        return False
    if not smoke:
        record = Record(figures, time.monotonic() - start, load)
        for words in worse(record, committed(name).get(row)):
            print(f"  WORSE {words}", flush=True)
        write(name, row, record, folder)
        write_table(folder)
    return kept


if __name__ == "__main__":
    sys.exit(run_all())
