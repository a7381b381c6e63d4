"""The next token of a text, and drawn continuations with the probabilities the model gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel

from ..core.errors import InvalidError
from ..core.progress import working
from ..trace.candidates import Candidates, Continuation
from ..trace.source import Floats
from .conditioned import Decoder
from .forward import as_input, device_of, forward, inference_mode, logits_of
from .generate import Options, configuration, own_defaults_aside, seeded
from .reads_ahead import refuse_reading_ahead
from .streaming import Progress
from .structure import Anatomy
from .topk import top_k

__all__ = ["TEMPERATURES", "candidates", "continuations", "logprobs"]

#: The temperatures that a page can be asked for; their sums over the vocabulary are exact.
TEMPERATURES = tuple(round(0.1 * step, 1) for step in range(1, 21))
#: Continuations whose log-probabilities are had in one pass.
_ROWS = 8


def candidates(
    model: nn.Module, token_ids: Sequence[int], k: int, extra: Sequence[float] = ()
) -> Candidates:
    """The k likeliest next tokens, from one pass over the text.

    extra  temperatures to be asked for beside TEMPERATURES
    """
    with inference_mode(model):
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
    asked: nn.Module,
    anatomy: Anatomy,
    token_ids: Sequence[int],
    n: int,
    options: Options,
    ends: tuple[int, ...],
) -> list[Continuation]:
    """n continuations drawn with the options, best mean log-probability first.

    They are drawn at once, from one text; their log-probabilities come from passes of their own.

    asked  the model itself or, of an encoder-decoder, its decoder under a source
    """
    settings: GenerationConfig = configuration(options, ends)
    settings.num_return_sequences = n
    prompt, begun = as_input(model, token_ids), {}
    if isinstance(asked, Decoder):
        settings.decoder_start_token_id = token_ids[0]  # else another would be put before it
        prompt, begun = asked.source, {"decoder_input_ids": prompt}
    generate: Any = model.generate
    with (
        inference_mode(model), own_defaults_aside(model), seeded(options.seed, prompt.device),
        working("drawing", options.max_new_tokens) as step,
    ):  # fmt: skip
        rows = generate(
            prompt, attention_mask=torch.ones_like(prompt), **begun, generation_config=settings,
            logits_processor=LogitsProcessorList([Progress(step)]),
        )  # fmt: skip
    drawn = [_cut(row[len(token_ids) :].tolist(), ends) for row in rows]
    known = _each_logprobs(asked, anatomy, token_ids, set(drawn))
    found = [Continuation(ids, known[ids]) for ids in drawn]
    return sorted(found, key=lambda one: -one.mean)


def _cut(ids: list[int], ends: tuple[int, ...]) -> tuple[int, ...]:
    """What was drawn, up to and with the first end token: the rest is padding."""
    first = next((place for place, token_id in enumerate(ids) if token_id in ends), len(ids))
    return tuple(ids[: first + 1])


def _each_logprobs(
    model: nn.Module, anatomy: Anatomy, before: Sequence[int], ways: set[tuple[int, ...]]
) -> dict[tuple[int, ...], Floats]:
    """The log-probabilities of each way's tokens; ways of one length share a pass, unpadded."""
    found: dict[tuple[int, ...], Floats] = {}
    for length in {len(way) for way in ways}:
        same = sorted(way for way in ways if len(way) == length)
        for start in range(0, len(same), _ROWS):
            some = same[start : start + _ROWS]
            found.update(zip(some, logprobs(model, anatomy, before, some), strict=True))
    return found


def logprobs(
    model: nn.Module, anatomy: Anatomy, before: Sequence[int], ways: Sequence[Sequence[int]]
) -> Floats:
    """(ways, n) the log-probability of each of n tokens after those before it, in nats.

    Raises MissingError where several are asked of a model that reads tokens after the one it says.
    """
    count = len(ways[0])
    wanted = torch.tensor([list(way) for way in ways])
    given = torch.tensor([list(before)]).expand(len(ways), -1)
    rows = torch.cat([given, wanted[:, :-1]], 1)
    with inference_mode(model):
        if count > 1:
            refuse_reading_ahead("the probabilities of several tokens", model, anatomy, before)
        output = forward(model, rows.to(device_of(model)), logits_to_keep=count)
        logits: Tensor = logits_of(output)[:, -count:].double().cpu().log_softmax(-1)
    return np.asarray(logits.gather(-1, wanted[..., None])[..., 0].numpy())
