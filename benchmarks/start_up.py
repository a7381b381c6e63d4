"""Cutaway starts at once: a light import, help in 0.5 s, the default model in 3 s."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.promise import Figure, main

#: What the installed command `cutaway` does.
HELP = "from cutaway.app.cli import main; main()"
#: Prints the seconds of a load from the cache, the proof included.
LOAD = """
import time
import torch, {imported}
start = time.perf_counter()
import cutaway
cutaway.load()
print(time.perf_counter() - start)
"""


def run(smoke: bool) -> Iterator[Figure]:
    """Fresh processes, one after the other; the median of five (smoke: one)."""
    rounds = 1 if smoke else 5
    bare = [_wall("-c", "pass") for _ in range(rounds)]
    light = [_wall("-c", "import cutaway") for _ in range(rounds)]
    shown = [_wall("-c", HELP, "--help") for _ in range(rounds)]
    # transformers imports its model code only when a model is loaded, whoever loads it.
    whole, lazy = "transformers.generation, transformers.modeling_utils", "transformers"
    _loaded(whole)  # the first one may fetch the model
    loads = [_loaded(whole) for _ in range(rounds)]
    lazily = [_loaded(lazy) for _ in range(rounds)]
    yield _figure("python with nothing in it", bare)
    yield _figure("import cutaway", light, bound=0.5)
    yield _figure("cutaway --help", shown, bound=0.5)
    yield _figure("cutaway.load(), from the cache", loads, bound=3)
    yield _figure("the same, transformers importing its model code", lazily)


def _figure(name: str, seconds: list[float], bound: float | None = None) -> Figure:
    return Figure(name, statistics.median(seconds), "s", bound, (min(seconds), max(seconds)))


def _wall(*arguments: str) -> float:
    """Seconds until a fresh Python is done."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _loaded(imported: str) -> float:
    command = [sys.executable, "-c", LOAD.format(imported=imported)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
