"""Tracing takes a bare pass's memory and 1.2 times the bytes that keep= announces, at 2,048 tokens.

Each run is a process of its own, which reads the text once: the peak is that of the whole process
from the end of loading on, so that nothing which was there before hides it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.promise import Figure, main

#: What is kept beside the states, by the name of the figure, and what is promised of it. The
#: lens's answers are computed, not recorded: that works in some 250 MB, whatever the text.
KEPT: dict[str, tuple[str | None, float | None]] = {
    "states": (None, 1.2),
    "states, neurons": ("neurons", 1.2),
    "states, attention": ("attention", 1.2),
    "states, inside": ("inside", 1.2),
    "states, lens": ("lens", None),
    "everything": ("all", None),
}
#: Prints the peak above what the loaded model held, and the bytes announced, of one run.
RUN = """
import ctypes, gc, json
import numpy as np
import torch
import cutaway
from benchmarks.promise import peak_megabytes
lm = cutaway.load()
ids = np.random.default_rng(0).integers(0, lm.card.vocab_size, {tokens}).tolist()
def bare():
    with torch.inference_mode():
        lm.model(torch.tensor([ids]), use_cache=False, logits_to_keep=1)
def trace():
    return lm.trace(ids, keep={keep!r})
peak = peak_megabytes({call})
announced = sum(lm.cost(ids, keep={keep!r}).values()) / 1e6
print(json.dumps([peak, announced]))
"""


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2, in turns with the bare pass; the median of five (smoke: 64 tokens, once).

    What has no promise takes minutes, for the lens of every position is computed: once.
    """
    tokens, rounds = (64, 1) if smoke else (2048, 5)
    bare: list[float] = []
    traced: dict[str, list[float]] = {name: [] for name in KEPT}
    announced: dict[str, float] = {}
    for round_ in range(rounds):
        bare.append(_peak("bare", None, tokens)[0])
        for name, (keep, bound) in KEPT.items():
            if bound is None and round_:
                continue
            peak, announced[name] = _peak("trace", keep, tokens)
            traced[name].append(peak)
    yield _figure(f"bare pass of {tokens} tokens, above the model", bare, "MB")
    for name, peaks in traced.items():
        shares = [
            (peak - one) / announced[name] for peak, one in zip(peaks, bare, strict=False)
        ]  # what stands on top of the bare pass of the same round
        yield Figure(f"announced: {name}", announced[name], "MB")
        yield _figure(f"above the bare pass: {name}", shares, "x announced", KEPT[name][1])


def _figure(name: str, values: list[float], unit: str, bound: float | None = None) -> Figure:
    return Figure(name, statistics.median(values), unit, bound, (min(values), max(values)))


def _peak(call: str, keep: str | None, tokens: int) -> tuple[float, float]:
    """MB above the model at the peak of one run, and MB announced, from a fresh process."""
    program = RUN.format(call=call, keep=keep, tokens=tokens)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    peak, announced = json.loads(done.stdout.splitlines()[-1])
    return peak, announced


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
