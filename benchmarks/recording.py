"""Recording costs at most 1.15 times a bare forward pass (states, neurons), 1.2 times (q, k, v)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
import torch

import cutaway
from benchmarks.promise import Figure, interleaved, main, ratio
from cutaway.model.calls import run_with_calls, with_written
from cutaway.model.lm import LM
from cutaway.model.record import run as record

#: What is recorded -> the most times a bare pass that is promised.
PROMISED = {
    "states": 1.15,
    "neurons": 1.15,
    "queries, keys, values": 1.2,
    "with written norms": None,
}


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2 at 1,024 tokens (smoke: 32): one pass, nothing else asked of the model."""
    T, rounds = (32, 1) if smoke else (1024, 5)
    lm = cutaway.load()
    ids = np.random.default_rng(0).integers(0, lm.card.vocab_size, T)  # no figure depends on them
    runs = _runs(lm, ids.tolist())
    interleaved(runs, 1)  # the first call of each makes room
    times = interleaved(runs, rounds)
    for name, bound in PROMISED.items():
        for clock in ("wall", "processor"):
            yield ratio(name, times[name], times["bare"], clock=clock, bound=bound)
    yield Figure(f"bare pass at T = {T}", float(np.median([t.wall for t in times["bare"]])), "s")


def _runs(lm: LM, ids: list[int]) -> dict[str, Callable[[], object]]:
    tokens = torch.tensor([ids])

    def bare() -> None:
        with torch.inference_mode():
            lm.model(tokens, use_cache=False, logits_to_keep=1)

    def calls(written: bool) -> None:
        _, found = run_with_calls(lm.model, lm.anatomy, ids, ())
        for layer, call in found.items() if written else ():
            with_written(lm.model, lm.anatomy, layer, call)

    return {
        "bare": bare,
        "states": lambda: record(lm.model, lm.anatomy, ids, ("states",)),
        "neurons": lambda: record(lm.model, lm.anatomy, ids, ("neurons",)),
        "queries, keys, values": lambda: calls(written=False),
        "with written norms": lambda: calls(written=True),
    }


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
