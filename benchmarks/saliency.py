"""Saliency of every output token takes at most 0.40 (16) and 0.50 (64, 256) of a plain loop's time.

The operations that torch counts (torch.utils.flop_counter; attention by its plain products, which
are counted) are at most 1.2 times this bound. Target t is a function of the t tokens before it.

- F(n) is one pass over n tokens through the blocks: a n for the weights' products, b n^2 for the
  two products of attention. No target can be had without the pass over all that the last one reads:
  F(N) once, N the last target.
- B(t) is one vector-Jacobian product over t tokens. The gradient of a product with a frozen weight
  is one product of the same size (no gradient of the weight is taken): a t. Each of the two
  products of attention has two inputs that need one: 2 b t^2. Each target has a gradient of its
  own, and that of one is no part of another's: B(t) for every t.

Bound: F(N) + the sum of B(t). What is above it: a batch of targets shares one pass over the prefix
of its last, so the others differentiate over some tokens more, and every batch has a pass of its
own. The products with the unembedding's rows are left out: a row for each target.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import cutaway
from benchmarks.peer import PeerError, at_work
from benchmarks.promise import Figure, interleaved, main, median, ratio
from cutaway.lens.saliency import saliency
from cutaway.model.default_model import embedded_folder
from cutaway.model.lm import LM

PROMPT = 32
#: Output tokens -> the most of the loop's time that is promised, and every how many-th target the
#: loop and the peers run on: their time is multiplied by that.
PROMISED = {16: (0.40, 1), 64: (0.50, 1), 256: (0.50, 16)}
OPERATIONS, DIFFERENCE = 1.2, 1e-5
TEXT = Path(__file__).parents[1] / "ARCHITECTURE.md"
Spans = list[tuple[list[int], list[int]]]


def measured(outputs: int, smoke: bool) -> Iterator[Figure]:
    """SmolLM2, 32 tokens of prompt, forced outputs (smoke: 2); medians of five rounds."""
    outputs, rounds = (2, 1) if smoke else (outputs, 5)
    bound, step = PROMISED.get(outputs, (0.5, 1))
    lm = cutaway.load()
    # ASCII alone: Captum fails at a target that is a part of a character.
    text = TEXT.read_bytes().decode("ascii", "ignore")
    ids = lm.read(text).ids[: PROMPT + outputs]
    trace, targets = lm.trace(list(ids)), range(PROMPT, PROMPT + outputs)
    some = targets[step - 1 :: step]
    scores: list[np.ndarray] = []
    with at_work("inseq", model=str(embedded_folder())) if not smoke else nullcontext() as peer:
        runs: dict[str, Callable[[], object]] = {
            "ours": lambda: saliency(trace, targets=targets),
            "the loop": lambda: scores.extend(_loop(lm, ids, some)),
            "Captum": _captum(lm, _spans(ids, some, step)),
        }
        if peer is not None:
            spans = _spans(ids, some, step)
            runs["Inseq"] = partial(peer.seconds, "outputs", spans=spans)
        saliency(trace, targets=targets[:1])  # the first call makes room
        try:
            times = interleaved(runs, rounds)
        except PeerError as problem:
            print(f"  Inseq fails, left out: {problem}", flush=True)
            times = interleaved({name: runs[name] for name in list(runs)[:3]}, rounds)
    for name in times:
        for clock in ("wall", "processor") if name != "ours" else ():
            most = bound if name == "the loop" else 1
            yield ratio(f"{outputs} outputs, to {name}", times["ours"], times[name], clock=clock,
                        bound=most, times=step)  # fmt: skip
    yield median(f"{outputs} outputs", [one.wall for one in times["ours"]])
    yield _operations(lm, trace, targets)
    yield _agreement(trace, some, scores)


def _operations(lm: LM, trace: cutaway.Trace, targets: range) -> Figure:
    """What is counted, as a multiple of the bound."""
    counted = _counted(lambda: saliency(trace, targets=targets))
    forward, backward = _grown(lm, False), _grown(lm, True)
    bound = forward(targets[-1]) + sum(backward(target) for target in targets)
    name = f"{len(targets)} outputs, counted operations to their bound"
    return Figure(name, counted / bound, "x", OPERATIONS)


def _grown(lm: LM, back: bool) -> Callable[[int], float]:
    """Operations of F, or B, at any length: a n + b n^2 through what is counted at two."""
    short, long = 8, 16
    at = {n: _counted_pass(lm, n, back) for n in (short, long)}
    b = (at[long] / long - at[short] / short) / (long - short)
    a = at[short] / short - b * short
    return lambda n: a * n + b * n * n


def _counted_pass(lm: LM, n: int, back: bool) -> float:
    embedded = lm.model.get_input_embeddings()(torch.arange(n)[None]).detach()
    leaf = embedded.requires_grad_(True)
    frozen = [parameter.requires_grad_(False) for parameter in lm.model.parameters()]
    with sdpa_kernel(SDPBackend.MATH):
        state = lm.model.base_model(inputs_embeds=leaf, use_cache=False).last_hidden_state
    run = partial(torch.autograd.grad, state[0, -1].sum(), leaf) if back else partial(
        lm.model.base_model, inputs_embeds=leaf.detach(), use_cache=False)  # fmt: skip
    counted = _counted(run)
    for parameter in frozen:
        parameter.requires_grad_(True)
    return counted


def _counted(run: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        run()
    return float(counter.get_total_flops())


def _agreement(trace: cutaway.Trace, targets: range, scores: list[np.ndarray]) -> Figure:
    """The largest difference of a share to the loop's, relative to the target's largest."""
    shares = saliency(trace, targets=targets)["saliency"].values
    worst = 0.0
    for row, target in enumerate(targets):
        plain = scores[row] / scores[row].sum()
        worst = max(worst, float(np.abs(shares[row, :target] - plain).max() / plain.max()))
    name = f"{len(targets)} outputs, largest difference to the loop"
    return Figure(name, worst, "", DIFFERENCE)


def _loop(lm: LM, ids: Sequence[int], targets: range) -> Iterator[np.ndarray]:
    """One forward and one backward pass over its prefix for each target, weights frozen."""
    embedding, parameters = lm.model.get_input_embeddings(), list(lm.model.parameters())
    for parameter in parameters:
        parameter.requires_grad_(False)
    for target in targets:
        leaf = embedding(torch.tensor([ids[:target]])).detach().requires_grad_(True)
        logits = lm.model(inputs_embeds=leaf, use_cache=False, logits_to_keep=1).logits[0, -1]
        (gradient,) = torch.autograd.grad(logits[ids[target]], leaf)
        yield (gradient * leaf.detach())[0].norm(dim=-1).numpy()
    for parameter in parameters:
        parameter.requires_grad_(True)


def _spans(ids: Sequence[int], targets: range, step: int) -> Spans:
    """What is attributed at once: all outputs of the prompt, or each that is left by itself."""
    if step == 1:
        return [(list(ids[: targets[0]]), list(ids[targets[0] :]))]
    return [(list(ids[:target]), [ids[target]]) for target in targets]


def _captum(lm: LM, spans: Spans) -> Callable[[], object]:
    from captum.attr import LayerGradientXActivation, LLMGradientAttribution, TextTokenInput

    method = LayerGradientXActivation(lm.model, lm.model.get_input_embeddings())
    attribution = LLMGradientAttribution(method, lm.tokenizer)
    inputs = [TextTokenInput(lm.tokenizer.decode(before), lm.tokenizer) for before, _ in spans]
    return lambda: [
        attribution.attribute(prompt, target=torch.tensor(after))
        for prompt, (_, after) in zip(inputs, spans, strict=True)
    ]


ROWS = {f"{n}": partial(measured, n) for n in PROMISED}

if __name__ == "__main__":
    sys.exit(main(__doc__, ROWS))
