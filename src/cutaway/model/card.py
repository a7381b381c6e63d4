"""Writes a model's card: its particulars, as every trace and view carries them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

import torch
import transformers
from torch import nn
from transformers import PreTrainedModel

from .. import __version__
from ..trace.card import ModelCard
from .objective import objective_of
from .structure import Anatomy, Block

__all__ = ["context_of", "embedding_rows", "write_card"]

#: What configurations call the longest text; the second, those of decoders that hear.
_LENGTHS = ("max_position_embeddings", "max_target_positions")


def write_card(
    model: PreTrainedModel, anatomy: Anatomy, name: str, revision: str, mask_id: int | None = None
) -> ModelCard:
    """The card of a model whose parts are known.

    mask_id  the tokenizer's mask, None where it has none

    >>> write_card(model, anatomy, "gpt2", "").n_layers  # doctest: +SKIP
    12
    """
    objective = objective_of(model)
    return ModelCard(
        name=name,
        revision=revision,
        model_type=str(model.config.model_type),
        architecture=type(model).__name__,
        dtype=str(model.dtype).removeprefix("torch."),
        device=", ".join(sorted({_place(parameter) for parameter in model.parameters()})),
        n_layers=len(anatomy.blocks),
        width=anatomy.width,
        vocab_size=anatomy.vocab if anatomy.has_language_head else embedding_rows(model, anatomy),
        n_parameters=sum(parameter.numel() for parameter in model.parameters()),
        context=context_of(model),
        tied=_is_tied(model, anatomy),
        gated=anatomy.gated,
        neurons=tuple(block.neurons for block in anatomy.blocks),
        experts=_experts(anatomy.blocks),
        routers=_routers(anatomy.blocks),
        heads=tuple(anatomy.heads.get(n, (0, 0))[0] for n in range(len(anatomy.blocks))),
        kv_heads=tuple(anatomy.heads.get(n, (0, 0))[1] for n in range(len(anatomy.blocks))),
        call_bytes=anatomy.call_bytes,
        **_crossings(anatomy),
        capabilities=anatomy.capabilities,
        versions={
            "python": platform.python_version(),
            "cutaway": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        objective=objective,
        mask_id=mask_id if mask_id is not None and objective == "masked" else -1,
    )


def _crossings(anatomy: Anatomy) -> dict[str, Any]:
    """Of a decoder that reads a source: the heads of its attention to it, and their bytes."""
    if not anatomy.cross:
        return {}
    heads = [anatomy.cross_heads.get(n, (0, 0)) for n in range(len(anatomy.blocks))]
    return {
        "cross_heads": tuple(query for query, _ in heads),
        "cross_kv_heads": tuple(key for _, key in heads),
        "cross_bytes": anatomy.cross_bytes,
    }


def context_of(model: PreTrainedModel) -> int | None:
    """The longest text in tokens that the configuration names; None where it names none."""
    config = model.config.get_text_config()
    named = (getattr(config, name, None) for name in _LENGTHS)
    return next((one for one in named if isinstance(one, int) and one > 0), None)


def embedding_rows(model: PreTrainedModel, anatomy: Anatomy) -> int:
    """How many token ids the embedding has a row for; more than the tokenizer uses is normal."""
    weight = getattr(_embedding(model, anatomy), "weight", None)
    return len(weight) if weight is not None else anatomy.vocab


def _place(parameter: nn.Parameter) -> str:
    """Where a weight is; accelerate keeps off-loaded ones elsewhere and leaves an empty shell."""
    return "off-loaded" if parameter.is_meta else str(parameter.device)


def _embedding(model: PreTrainedModel, anatomy: Anatomy) -> nn.Module:
    return model.get_submodule(anatomy.embedding)


def _is_tied(model: PreTrainedModel, anatomy: Anatomy) -> bool:
    product = anatomy.tail.matrix()
    weight = getattr(_embedding(model, anatomy), "weight", None)
    return product is not None and weight is not None and product[0].data_ptr() == weight.data_ptr()


def _experts(blocks: Sequence[Block]) -> tuple[tuple[int, int, int], ...]:
    """Per block: fused experts, neurons of each, neurons beside them; () where there are none."""
    if not any(block.experts for block in blocks):
        return ()
    return tuple(
        (0, 0, 0) if block.experts is None
        else (block.experts.count, block.experts.width,
              block.neurons - block.experts.count * block.experts.width)
        for block in blocks
    )  # fmt: skip


def _routers(blocks: Sequence[Block]) -> tuple[tuple[int, int, str], ...]:
    """Per block: experts to choose from, how many are chosen, what their scores are."""
    if not any(block.routing for block in blocks):
        return ()
    return tuple(
        (0, 0, "") if (found := block.routing) is None
        else (found.count, found.k, "" if found.scores is None else found.scores.function)
        for block in blocks
    )  # fmt: skip
