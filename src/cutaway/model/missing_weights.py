"""What a checkpoint has no weights for: refused, unless no answer of the model comes from it.

transformers fills such weights with random numbers, and only warns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import FileError
from ..trace.card import Capability, ModelCard
from .forward import as_input, forward, inference_mode, logits_of
from .hooks import forward_hooks
from .objective import reads_source
from .trial_text import trial_ids
from .vocabulary import Vocabulary

__all__ = ["check_complete", "noting"]

#: How many parameters are named.
_NAMED = 3


def check_complete(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, report: Mapping[str, Any], name: str
) -> tuple[str, ...]:
    """The parameters that the checkpoint lacks: of parts that no answer comes from, like a pooler.

    report  of transformers' loading
    name    the model's, for the error

    Raises FileError where an answer could come from one of them.
    """
    lacking = sorted(report["missing_keys"])
    changed = sorted(map(str, report["mismatched_keys"]))
    if not changed and (not lacking or _unread(model, tokenizer, lacking)):
        return tuple(lacking)
    shown = lacking or changed
    raise FileError(
        name,
        f"lacks weights of {len(shown)} parameters ({', '.join(shown[:_NAMED])})",
        fix="fetch it again, or give the model that has a language head",
    )


def noting(card: ModelCard, lacking: Sequence[str]) -> ModelCard:
    """The card, which says of every part without weights that it has none."""
    if not lacking:
        return card
    parts = dict.fromkeys(name.rpartition(".")[0] for name in lacking)
    silent = {
        part: Capability(False, "the checkpoint has no weights for it, and no answer comes from it")
        for part in parts
    }
    return replace(card, capabilities={**card.capabilities, **silent})


def _unread(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, lacking: Sequence[str]
) -> bool:
    """Whether the answer to a short text is the same, bit for bit, where these modules say NaN.

    All of them must have been called: an expert that this text did not need may answer another.
    """
    owners = {name.rpartition(".")[0] for name in lacking}
    modules = {path: part for path, part in model.named_modules() if path in owners and path}
    if reads_source(model) or len(modules) < len(owners):
        return False
    ids = as_input(model, trial_ids(Vocabulary(tokenizer), model.config))
    with inference_mode(model):
        plain = logits_of(forward(model, ids))
        told, called = _voided(model, modules, ids)
    return called == owners and torch.equal(plain, told)


def _voided(
    model: nn.Module, modules: Mapping[str, nn.Module], ids: Tensor
) -> tuple[Tensor, set[str]]:
    """The model's answer where the modules say NaN, and which of them were called."""
    called: set[str] = set()

    def void(path: str, _args: Any, _kwargs: Any, output: Any) -> Tensor | None:
        if not isinstance(output, Tensor) or not output.is_floating_point():
            return None
        called.add(path)
        return torch.full_like(output, torch.nan)

    with forward_hooks(modules, void):
        return logits_of(forward(model, ids)), called
