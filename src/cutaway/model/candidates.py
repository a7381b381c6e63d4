"""The next token of a text, and drawn continuations with the probabilities the model gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel

from ..core.errors import InvalidError
from ..trace.candidates import Candidates, Continuation
from .forward import as_input, forward, logits_of, resting
from .generate import Options, configuration, own_defaults_aside, seeded
from .topk import top_k

__all__ = ["TEMPERATURES", "candidates", "continuations"]

#: The temperatures that a page can be asked for; their sums over the vocabulary are exact.
TEMPERATURES = tuple(round(0.1 * step, 1) for step in range(1, 21))


def candidates(
    model: PreTrainedModel, token_ids: Sequence[int], k: int, extra: Sequence[float] = ()
) -> Candidates:
    """The k likeliest next tokens, from one pass over the text.

    extra  temperatures to be asked for beside TEMPERATURES
    """
    with resting(model):
        output = forward(model, as_input(model, token_ids), logits_to_keep=1)
        row = logits_of(output)[0, -1].double().cpu()
    if bool(row.isnan().any()):
        raise InvalidError(
            "logits", float("nan"), allowed="numbers", fix="load the model with dtype='float32'"
        )
    values, ids = top_k(row[None], min(k, len(row)))
    temperatures = sorted({*TEMPERATURES, *extra})
    totals = [float(torch.logsumexp(row / t, 0)) for t in temperatures]
    logprobs = row.log_softmax(0)
    entropy = -(logprobs.exp() * logprobs).nan_to_num(0.0).sum()
    return Candidates(
        token_ids=ids[0].numpy(),
        logits=values[0].numpy(),
        temperatures=np.asarray(temperatures),
        log_totals=np.asarray(totals),
        entropy=float(entropy),
        vocab=len(row),
    )


def continuations(
    model: PreTrainedModel,
    token_ids: Sequence[int],
    n: int,
    options: Options,
    ends: tuple[int, ...],
) -> list[Continuation]:
    """n continuations drawn with the options, best mean log-probability first.

    Each is drawn from the same text at once; its log-probabilities come from a pass of its own.
    """
    settings: GenerationConfig = configuration(options, ends)
    settings.num_return_sequences = n
    prompt = as_input(model, token_ids)
    generate: Any = model.generate
    with resting(model), own_defaults_aside(model), seeded(options.seed, prompt.device):
        rows = generate(prompt, attention_mask=torch.ones_like(prompt), generation_config=settings)
        drawn = [_cut(row[len(token_ids) :].tolist(), ends) for row in rows]
        found = [Continuation(ids, _logprobs(model, token_ids, ids)) for ids in drawn]
    return sorted(found, key=lambda one: -one.mean)


def _cut(ids: list[int], ends: tuple[int, ...]) -> tuple[int, ...]:
    """What was drawn, up to and with the first end token: the rest is padding."""
    first = next((place for place, token_id in enumerate(ids) if token_id in ends), len(ids))
    return tuple(ids[: first + 1])


def _logprobs(
    model: PreTrainedModel, before: Sequence[int], ids: Sequence[int]
) -> np.ndarray[Any, Any]:
    """(n,) the log-probability of each token after those before it."""
    whole = [*before, *ids]
    logits: Tensor = logits_of(forward(model, as_input(model, whole)))[0]
    rows = logits[len(before) - 1 : len(whole) - 1].double().cpu().log_softmax(-1)
    return rows.gather(-1, torch.tensor(list(ids))[:, None])[:, 0].numpy()
