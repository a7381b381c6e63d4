"""The exact logit lens costs at most 1.35 times its matrix products, and 250 MB.

All layers and positions: top 10, rank, surprisal, entropy and KL. The products are the same rows in
blocks of 512, in float32, into one buffer. The naive lens holds every logit at once; tuned-lens
(`PredictionTrajectory` with its LogitLens, and its entropy and KL) runs in a process of its own.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

import cutaway
from benchmarks.peer import PeerError, at_work
from benchmarks.promise import Figure, Run, interleaved, main, median, peak_megabytes, ratio
from cutaway.lens.logit_lens import logit_lens
from cutaway.model import reduce_logits
from cutaway.model.default_model import embedded_folder
from cutaway.model.distance import Distributions
from cutaway.model.lm import LM
from cutaway.model.unembed import Unembedding
from cutaway.trace.trace import Trace

TIMES, MEGABYTES = 1.35, 250
#: Rows per product where nothing else is done: larger blocks are no faster.
ROWS_AT_ONCE = 512
#: Tokens up to which the naive lens is run, for it holds every logit several times over (25 GB at
#: 1,024), and up to which it and tuned-lens take turns with ours.
NAIVE, TURNS = 256, 64
#: A stage of the lens -> the function that is it.
STAGES: dict[str, tuple[Any, str]] = {
    "norms": (Unembedding, "hidden"),
    "products": (Unembedding, "logits"),
    "top tokens": (reduce_logits, "top_k"),
    "ranks": (reduce_logits, "_targets"),
    "exponentials": (Distributions, "of"),
    "entropy": (Distributions, "entropy"),
    "KL": (reduce_logits, "distance"),
}


def measured(T: int, smoke: bool) -> Iterator[Figure]:
    """SmolLM2 at T tokens (smoke: 16), every layer."""
    T, rounds = (16, 1) if smoke else (T, 5)
    lm, trace = _traced(T)
    naive = _naive(lm, trace)
    runs: dict[str, Callable[[], object]] = {
        "products": _products(lm, trace), "lens": lambda: logit_lens(trace, k=10),
    }  # fmt: skip
    if T <= TURNS:
        runs["naive"] = naive
    for run in runs.values() if T <= NAIVE else ():
        run()  # the first call of each makes room
    times = interleaved(runs, rounds)
    shares = _shares(runs["lens"])
    for clock in ("wall", "processor"):
        to = ratio(f"T = {T}: lens, to its products", times["lens"], times["products"],
                   clock=clock, bound=TIMES)  # fmt: skip
        yield Figure(to.name, to.value, to.unit, to.bound, to.spread, _limit(shares))
    yield median(f"T = {T}: lens", [one.wall for one in times["lens"]])
    yield Figure(f"T = {T}: lens, above model and trace", peak_megabytes(runs["lens"]), "MB",
                 MEGABYTES)  # fmt: skip
    for stage, share in shares.items():
        yield Figure(f"T = {T}: share of the lens's time: {stage}", 100 * share, "%")
    if T <= TURNS:
        yield ratio(f"T = {T}: lens, to the naive lens", times["lens"], times["naive"], bound=1)
    if T <= NAIVE:
        yield Figure(f"T = {T}: naive lens, above model and trace", peak_megabytes(naive), "MB")
    if T <= TURNS and not smoke:
        yield from _tuned_lens(trace, runs["lens"])


def growth(smoke: bool) -> Iterator[Figure]:
    """How the time grows; 1 is in proportion to the number of rows."""
    (short, long), rounds = ((8, 16), 1) if smoke else ((64, 256), 5)
    _, small = _traced(short)
    _, large = _traced(long)
    runs: dict[str, Callable[[], object]] = {
        "small": lambda: logit_lens(small, k=10), "large": lambda: logit_lens(large, k=10),
        "few": lambda: logit_lens(large, k=10, every=4),
    }  # fmt: skip
    times = interleaved(runs, rounds)
    many, few = (logit_lens(small, every=every).sizes["layer"] for every in (1, 4))
    yield ratio(f"growth from T = {short} to T = {long}, 1 is linear", times["large"],
                times["small"], times=long / short)  # fmt: skip
    yield ratio(f"growth from {few} to {many} states, 1 is linear", times["large"], times["few"],
                times=many / few)  # fmt: skip


def _traced(T: int) -> tuple[LM, Trace]:
    """Tokens of a fixed seed: no figure depends on them."""
    lm = cutaway.load()
    return lm, lm.trace(np.random.default_rng(0).integers(0, lm.card.vocab_size, T).tolist())


def _products(lm: LM, trace: Trace) -> Callable[[], None]:
    """Only the products: the same rows times the unembedding, into one buffer."""
    weight = lm.model.get_output_embeddings().weight.detach()
    states = np.concatenate([trace.state(layer) for layer in range(-1, trace.n_layers)])
    rows = torch.from_numpy(states)

    def multiply() -> None:
        buffer = torch.empty(ROWS_AT_ONCE, len(weight))
        for first in range(0, len(rows), ROWS_AT_ONCE):
            block = rows[first : first + ROWS_AT_ONCE]
            torch.mm(block, weight.T, out=buffer[: len(block)])

    return multiply


def _naive(lm: LM, trace: Trace) -> Callable[[], None]:
    """The lens as it is usually written: every logit of every layer and position at once."""
    norm = lm.model.get_submodule(lm.anatomy.tail.norm or "")
    head = lm.model.get_output_embeddings()
    states = torch.stack(
        [torch.from_numpy(trace.state(layer)) for layer in range(-1, trace.n_layers)]
    )

    def unembed() -> None:
        with torch.inference_mode():
            logits = head(norm(states))  # (R, T, V)
            logprobs = logits.log_softmax(-1)
            probabilities = logprobs.exp()
            logits.topk(10)
            own = logits.gather(-1, logits[-1:].argmax(-1, keepdim=True).expand(len(logits), -1, 1))
            (logits > own).sum(-1)
            (probabilities * logprobs).sum(-1)
            (probabilities[-1] * (logprobs[-1] - logprobs)).sum(-1)

    return unembed


def _shares(lens: Callable[[], object]) -> dict[str, float]:
    """Stage -> its part of the lens's time; the rest is reading states and writing tables."""
    spent: Counter[str] = Counter()
    with ExitStack() as stack:
        for stage, (home, name) in STAGES.items():
            clocked = _clocked(getattr(home, name), stage, spent)
            isclass = isinstance(vars(home)[name], classmethod)
            stack.enter_context(patch.object(home, name, staticmethod(clocked) if isclass
                                             else clocked))  # fmt: skip
        start = time.perf_counter()
        lens()
        whole = time.perf_counter() - start
    return {stage: spent[stage] / whole for stage in STAGES} | {"rest": 1 - spent.total() / whole}


def _clocked(run: Callable[..., Any], stage: str, spent: Counter[str]) -> Callable[..., Any]:
    def clocked(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return run(*args, **kwargs)
        finally:
            spent[stage] += time.perf_counter() - start  # type: ignore[assignment]

    return clocked


def _limit(shares: dict[str, float]) -> str:
    """Why more than 1.35: what the passes over the logits take."""
    others = sorted(((share, stage) for stage, share in shares.items() if stage != "products"))
    words = ", ".join(f"{stage} {share:.0%}" for share, stage in reversed(others) if share > 0.02)
    return f"the products are {shares['products']:.0%} of it; {words}"


def _tuned_lens(trace: Trace, ours: Callable[[], object]) -> Iterator[Figure]:
    T, ids = trace.n_positions, list(trace.token_ids)
    with at_work("tuned-lens", model=str(embedded_folder())) as peer:
        if peer is None:
            return
        try:
            theirs = partial(peer.seconds, "statistics", ids=ids)
            theirs()
            times = interleaved({"ours": ours, "theirs": theirs}, 5)
            yield ratio(f"T = {T}: lens, to tuned-lens", times["ours"], times["theirs"], bound=1)
            used = peer.megabytes("statistics", ids=ids)
            yield Figure(f"T = {T}: tuned-lens, above the model", used, "MB")
        except PeerError as problem:
            print(f"  tuned-lens fails, left out: {problem}", flush=True)


ROWS: dict[str, Run] = {f"{T}": partial(measured, T) for T in (256, 64, 1024)}
ROWS["growth"] = growth

if __name__ == "__main__":
    sys.exit(main(__doc__, ROWS))
