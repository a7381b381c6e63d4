"""Saliency of every output token takes at most 0.40 (16) and 0.50 (64) of a plain loop's time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import torch

import cutaway
from benchmarks.promise import Figure, interleaved, main, ratio
from cutaway.lens.saliency import saliency
from cutaway.model.lm import LM

PROMPT = 32
#: Output tokens -> the most of the loop's time that is promised, and how many rounds are run.
PROMISED = {16: (0.40, 3), 64: (0.50, 1)}
TEXT = (
    "The lighthouse stood at the end of a long and narrow spit of land, and for most of the year "
    "nobody came there but the keeper and the birds. In winter the road was under water, and he "
    "lived on what he had stored in autumn: flour, salted fish, lamp oil, a barrel of apples and "
    "more books than he could read. He wrote down the weather every morning and every evening, "
    "and when a ship passed he wrote down its name, where he could read it."
)


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2, 32 tokens of prompt, forced outputs (smoke: 2); neighbours where installed."""
    lm = cutaway.load()
    for outputs, (bound, rounds) in ({2: (0.5, 1)} if smoke else PROMISED).items():
        yield from _measured(lm, outputs, bound, rounds)
    if find_spec("inseq") is None:
        print("  inseq is not installed: skipped (it pins other versions, so give it its own venv)")


def _measured(lm: LM, outputs: int, bound: float, rounds: int) -> Iterator[Figure]:
    ids = lm.trace(TEXT).token_ids[: PROMPT + outputs]
    trace = lm.trace(list(ids))
    targets = range(PROMPT, PROMPT + outputs)
    scores: list[np.ndarray] = []
    runs: dict[str, Callable[[], object]] = {
        "ours": lambda: saliency(trace, targets=targets),
        "loop": lambda: scores.extend(_loop(lm, ids, targets)),
    }
    if find_spec("captum") is not None:
        runs["captum"] = _captum(lm, ids)
    if find_spec("inseq") is not None:
        runs["inseq"] = _inseq(lm, ids)
    saliency(trace, targets=targets[:1])  # the first call makes room
    times = interleaved(runs, rounds)
    for name in runs:
        if name != "ours":
            for clock in ("wall", "processor"):
                what = f"{outputs} outputs, to {name}"
                yield ratio(what, times["ours"], times[name], clock=clock, bound=bound)
    yield Figure(f"{outputs} outputs", times["ours"][0].wall, "s")
    yield _agreement(trace, targets, scores)


def _agreement(trace: cutaway.Trace, targets: range, scores: list[np.ndarray]) -> Figure:
    """The largest difference of a share to the loop's, relative to the target's largest."""
    shares = saliency(trace, targets=targets)["saliency"].values
    worst = 0.0
    for row, target in enumerate(targets):
        plain = scores[row] / scores[row].sum()
        worst = max(worst, float(np.abs(shares[row, :target] - plain).max() / plain.max()))
    return Figure(f"{len(targets)} outputs, largest difference to the loop", worst, "", 1e-5)


def _loop(lm: LM, ids: tuple[int, ...], targets: range) -> Iterator[np.ndarray]:
    """One forward and one backward pass over its prefix for each target, weights frozen."""
    embedding, parameters = lm.model.get_input_embeddings(), list(lm.model.parameters())
    for parameter in parameters:
        parameter.requires_grad_(False)
    for target in targets:
        leaf = embedding(torch.tensor([ids[:target]])).detach().requires_grad_(True)
        logits = lm.model(inputs_embeds=leaf, use_cache=False).logits[0, -1]
        (gradient,) = torch.autograd.grad(logits[ids[target]], leaf)
        yield (gradient * leaf.detach())[0].norm(dim=-1).numpy()
    for parameter in parameters:
        parameter.requires_grad_(True)


def _captum(lm: LM, ids: tuple[int, ...]) -> Callable[[], object]:
    from captum.attr import LayerGradientXActivation, LLMGradientAttribution, TextTokenInput

    method = LayerGradientXActivation(lm.model, lm.model.get_input_embeddings())
    attribution = LLMGradientAttribution(method, lm.tokenizer)
    prompt = TextTokenInput(lm.tokenizer.decode(ids[:PROMPT]), lm.tokenizer)
    return lambda: attribution.attribute(prompt, target=torch.tensor(ids[PROMPT:]))


def _inseq(lm: LM, ids: tuple[int, ...]) -> Callable[[], object]:
    import inseq

    model = inseq.load_model(lm.model, "input_x_gradient", tokenizer=lm.tokenizer)
    prompt, whole = (lm.tokenizer.decode(part) for part in (ids[:PROMPT], ids))
    return lambda: model.attribute(prompt, whole, attributed_fn="logit", show_progress=False)


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
