"""Recording costs at most 1.15 times a bare forward pass (states, neurons), 1.2 times (q, k, v).

Bare is `model(ids, use_cache=False, logits_to_keep=1)` in inference mode. TransformerLens
(`run_with_cache` of a TransformerBridge) and nnsight (`trace`, everything saved) record the same
states, neurons, queries, keys and values, in processes of their own with the same torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import numpy as np
import torch

import cutaway
from benchmarks.peer import Peer, PeerError, at_work
from benchmarks.promise import Figure, interleaved, main, median, peak_megabytes, ratio
from cutaway.model.default_model import embedded_folder
from cutaway.model.lm import LM
from cutaway.model.record import run as record
from cutaway.model.record_attention import run_with_calls

#: What is recorded -> the most times a bare pass that is promised.
PROMISED = {
    "states": 1.15,
    "neurons": 1.15,
    "queries, keys, values": 1.2,
    "all of these": None,
}
#: Package -> what it is asked for. TransformerLens' everything holds attention patterns, too: 9 GB
#: of them at 2,048 tokens, where it is left out.
THEIRS = {"transformer-lens": ("same", "everything"), "nnsight": ("trace",)}
_LONG = 1024
#: Why it may take longer than promised.
_COPIES = (
    "arrays are copied, and freed memory is given back as they grow, which holds the peak down: "
    "docs/decisions/2026-11-22-memory.md"
)


def measured(T: int, smoke: bool) -> Iterator[Figure]:
    """SmolLM2 at T tokens (smoke: 16): one pass, nothing else asked of the model."""
    T, rounds = (16, 1) if smoke else (T, 5)
    lm = cutaway.load()
    # Words of a fixed seed: no figure depends on them.
    ids = np.random.default_rng(0).integers(0, lm.card.vocab_size, T).tolist()
    runs = _runs(lm, ids)
    with ExitStack() as stack:
        peers = {} if smoke else _peers(stack, ids)
        theirs = {name: partial(peer.seconds, job, ids=ids) for name, (peer, job) in peers.items()}
        # The first of each makes room.
        interleaved({"bare": runs["bare"], "all of these": runs["all of these"], **theirs}, 1)
        times = interleaved({**runs, **theirs}, rounds)
        for name, bound in PROMISED.items():
            for clock in ("wall", "processor"):
                found = ratio(f"T = {T}: {name}, to bare", times[name], times["bare"], clock=clock,
                              bound=bound)  # fmt: skip
                yield replace(found, reason=_COPIES)
        yield median(f"T = {T}: bare pass", [one.wall for one in times["bare"]])
        memory = peak_megabytes(runs["all of these"])
        yield Figure(f"T = {T}: bare pass, above the model", peak_megabytes(runs["bare"]), "MB")
        yield Figure(f"T = {T}: all of these, above the model", memory, "MB")
        for name, (peer, job) in peers.items():
            yield ratio(f"T = {T}: {name}, to bare", times[name], times["bare"])
            found = ratio(f"T = {T}: all of these, to {name}", times["all of these"], times[name],
                          bound=1)  # fmt: skip
            yield replace(found, reason=_COPIES)
            used = peer.megabytes(job, ids=ids)
            yield Figure(f"T = {T}: {name}, above the model", used, "MB")
            yield Figure(f"T = {T}: memory of all of these, to {name}", memory / used, "x", 1)


def _peers(stack: ExitStack, ids: list[int]) -> dict[str, tuple[Peer, str]]:
    """What each that could be had is asked for, by its name in the figures."""
    found: dict[str, tuple[Peer, str]] = {}
    for package, jobs in THEIRS.items():
        peer = stack.enter_context(at_work(package, model=str(embedded_folder())))
        if peer is None:
            continue
        for job in jobs:
            if job == "everything" and len(ids) >= _LONG:
                continue
            try:
                peer.ask(job, "nothing", ids=ids[:8])
                found[f"{package} ({job})"] = peer, job
            except PeerError as problem:
                print(f"  {package} fails, left out: {problem}", flush=True)
    return found


def _runs(lm: LM, ids: list[int]) -> dict[str, Callable[[], object]]:
    tokens = torch.tensor([ids])

    def bare() -> None:
        with torch.inference_mode():
            lm.model(tokens, use_cache=False, logits_to_keep=1)

    def calls(*materials: str) -> object:
        return run_with_calls(lm.model, lm.anatomy, ids, materials)

    return {
        "bare": bare,
        "states": lambda: record(lm.model, lm.anatomy, ids, ("states",)),
        "neurons": lambda: record(lm.model, lm.anatomy, ids, ("neurons",)),
        "queries, keys, values": calls,
        "all of these": lambda: calls("states", "neurons"),
    }


ROWS = {f"{T}": partial(measured, T) for T in (512, 2048, 128)}

if __name__ == "__main__":
    sys.exit(main(__doc__, ROWS))
