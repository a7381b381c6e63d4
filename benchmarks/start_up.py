"""Cutaway starts at once: a light import, help in 0.5 s, the default model in 3 s.

The 3 s hold after a bare `import torch, transformers`: docs/decisions/2026-11-22-load-time.md.
"""

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
#: Prints the seconds that transformers alone takes for the same model and tokenizer.
BARE = """
import time
import torch, {imported}
from cutaway.model.default_model import embedded_folder
folder = embedded_folder()
start = time.perf_counter()
from transformers import AutoModelForCausalLM, AutoTokenizer, logging
logging.disable_progress_bar()
AutoModelForCausalLM.from_pretrained(folder)
AutoTokenizer.from_pretrained(folder)
print(time.perf_counter() - start)
"""


def run(smoke: bool) -> Iterator[Figure]:
    """Fresh processes, one after the other; the median of five (smoke: one)."""
    rounds = 1 if smoke else 5
    bare = [_wall("-c", "pass") for _ in range(rounds)]
    light = [_wall("-c", "import cutaway") for _ in range(rounds)]
    shown = [_wall("-c", HELP, "--help") for _ in range(rounds)]
    # `import transformers` imports no model code; that comes when a model is loaded, by anyone.
    whole, lazy = "transformers.generation, transformers.modeling_utils", "transformers"
    _loaded(LOAD, whole)  # the first one may fetch the model
    loads = [_loaded(LOAD, whole) for _ in range(rounds)]
    lazily = [(_loaded(LOAD, lazy), _loaded(BARE, lazy)) for _ in range(rounds)]
    yield _figure("python with nothing in it", bare)
    yield _figure("import cutaway", light, bound=0.5)
    yield _figure("cutaway --help", shown, bound=0.5)
    yield _figure("cutaway.load(), from the cache", loads, bound=3)
    yield _figure(
        "the same after a bare import transformers", [ours for ours, _ in lazily], bound=3
    )
    yield _figure("transformers' own load after that", [bare for _, bare in lazily])


def _figure(name: str, seconds: list[float], bound: float | None = None) -> Figure:
    return Figure(name, statistics.median(seconds), "s", bound, (min(seconds), max(seconds)))


def _wall(*arguments: str) -> float:
    """Seconds until a fresh Python is done."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _loaded(program: str, imported: str) -> float:
    command = [sys.executable, "-c", program.format(imported=imported)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
