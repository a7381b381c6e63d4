"""Tiny encoder-decoders, and what transformers itself says of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

import cutaway as ct
from tests.models import tiny

SOURCE, TARGET = "The keys to the cabinet", "are on the table"


@lru_cache(maxsize=1)
def opened(family: str) -> ct.model.lm.LM:
    started = {} if family == "encoder-decoder" else {"decoder_start_token_id": 2}
    model, tokenizer = tiny(f"seq2seq {family}", **started)
    model.config.decoder_start_token_id = 2
    model.generation_config.forced_eos_token_id = None  # a bound of its own, which is not ours
    return ct.wrap(model, tokenizer)


def whole(lm: Any, trace: Any, **options: Any) -> Any:
    """One pass of transformers' own."""
    with torch.no_grad():
        return lm.model(
            input_ids=torch.tensor([trace.source_ids]),
            decoder_input_ids=torch.tensor([trace.token_ids]), use_cache=False, **options,
        )  # fmt: skip


def plain_scores(lm: Any, trace: Any, method: str) -> Any:
    """(T - 1, S) and (T - 1, T) of both texts, by one autograd call a target."""
    encoder, decoder = lm.model.get_encoder(), lm.model.get_decoder()
    texts = [torch.tensor([ids]) for ids in (trace.source_ids, trace.token_ids)]
    leaves = [
        part.embed_tokens(ids).detach().requires_grad_()
        for part, ids in zip((encoder, decoder), texts, strict=True)
    ]
    logits = lm.model(inputs_embeds=leaves[0], decoder_inputs_embeds=leaves[1]).logits[0]
    rows: list[list[Any]] = [[], []]
    for target in range(1, trace.n_positions):
        logit = logits[target - 1, trace.token_ids[target]]
        for side, gradient in enumerate(torch.autograd.grad(logit, leaves, retain_graph=True)):
            product = gradient * leaves[side] if method == "input_x_gradient" else gradient
            rows[side].append(product[0].norm(dim=-1).detach().numpy())
    return np.stack(rows[0]), np.stack(rows[1])
