"""The exact logit lens costs at most 1.6 times its matrix products, and 250 MB."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
import torch

import cutaway
from benchmarks.promise import Figure, extra_megabytes, interleaved, main, ratio
from cutaway.lens.logit_lens import logit_lens
from cutaway.model.lm import LM
from cutaway.trace.trace import Trace

#: Rows per product where nothing else is done: larger blocks are no faster.
ROWS = 512


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2 at 256 tokens (smoke: 16), every layer: top 5, rank, surprisal, entropy, KL."""
    T, rounds = (16, 1) if smoke else (256, 5)
    lm = cutaway.load()
    ids = np.random.default_rng(0).integers(0, lm.card.vocab_size, T)  # no figure depends on them
    trace = lm.trace(ids.tolist())
    products, naive = _products(lm, trace), _naive(lm, trace)
    runs = {"products": products, "lens": lambda: logit_lens(trace), "naive": naive}
    interleaved(runs, 1)  # the first call of each makes room
    times = interleaved(runs, rounds)
    for clock in ("wall", "processor"):
        yield ratio(
            f"lens at T = {T} to its products", times["lens"], times["products"], clock=clock,
            bound=1.6,
        )  # fmt: skip
        yield ratio("naive lens to the products", times["naive"], times["products"], clock=clock)
    yield Figure("lens, above model and trace", extra_megabytes(runs["lens"]), "MB", 250)
    yield Figure("naive lens, above model and trace", extra_megabytes(naive), "MB")


def _products(lm: LM, trace: Trace) -> Callable[[], None]:
    """Only the products: the same rows times the unembedding, into one buffer."""
    weight = lm.model.get_output_embeddings().weight.detach()
    states = np.concatenate([trace.state(layer) for layer in range(-1, trace.n_layers)])
    rows = torch.from_numpy(states)

    def multiply() -> None:
        buffer = torch.empty(ROWS, len(weight))
        for first in range(0, len(rows), ROWS):
            block = rows[first : first + ROWS]
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
            logits.topk(5)
            own = logits.gather(-1, logits[-1:].argmax(-1, keepdim=True).expand(len(logits), -1, 1))
            (logits > own).sum(-1)
            (probabilities * logprobs).sum(-1)
            (probabilities[-1] * (logprobs[-1] - logprobs)).sum(-1)

    return unembed


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
