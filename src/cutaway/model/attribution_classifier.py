"""What a saliency of a classifier differentiates: the whole model, up to one number of its answer.

A language model is read at the state before its head, one row of the vocabulary at a time. Here
the head is the model's own code, and the answer is laid out so that everything else need not know
the difference: rows that are chosen in, and in every row the choices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..trace.card import ModelCard
from ..trace.trace import Trace
from .attribution_model import AttributionModel
from .forward import forward
from .structure import Anatomy
from .tail import IdentityTail

__all__ = ["AttributionClassifier", "attribution_model_of", "choices"]


def attribution_model_of(
    model: nn.Module,
    anatomy: Anatomy,
    trace: Trace,
    at_layer: int | None = None,
    rows: Mapping[int, int] | None = None,
) -> AttributionModel:
    """The model and the tokens of a trace, as a saliency asks them.

    rows  of a classifier: target -> the row of `choices` that it is read from
    """
    card = trace.card
    if not card.task:
        return AttributionModel(model, anatomy, trace.token_ids, at_layer, card.is_masked)
    whole = replace(anatomy, tail=IdentityTail(), vocab=card.vocab_size)
    return AttributionClassifier(model, whole, trace.token_ids, at_layer, True, card, rows or {})


def choices(answer: Tensor, card: ModelCard) -> Tensor:
    """A classifier's answer as (B, rows, choices); a softmax over choices gives probabilities.

    Of a text one row of its labels, of tokens a row each; for labels that are judged one by one a
    row each, of yes and no; for where an answer lies two rows, start and end, of positions.
    """
    if card.task == "token":
        return answer
    if card.task == "span":
        return answer.transpose(1, 2)
    if card.scores == "sigmoid":
        return torch.stack([answer, torch.zeros_like(answer)], dim=-1)
    return answer[:, None]


@dataclass(frozen=True)
class AttributionClassifier(AttributionModel):
    """A classifier and the tokens it is asked about; all of them are sources of any target.

    read_in  target -> the row of `choices` that it is read from
    """

    card: ModelCard | None = None
    read_in: Mapping[int, int] = field(default_factory=dict)

    def place(self, target: int) -> int:
        """The row that a target is read from."""
        return self.read_in[target]

    def read_at(self, targets: Any) -> Tensor:
        """(n,) the row that each target is read from."""
        return torch.tensor([self.read_in[target] for target in targets])

    def _pass(self, token_ids: Tensor, swap: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """A whole forward pass; for the states stand the (B, rows, choices) of the answer."""
        held = {}

        def exchange(value: Tensor) -> Tensor:
            held["leaf"] = swap(value)
            return held["leaf"].clone()  # some models go on in place, which a leaf does not allow

        with self._at_leaf(exchange, token_ids.shape[1]), _without_padding(self.model):
            answer = forward(self.model, token_ids).answer
        assert self.card is not None
        return held["leaf"], choices(answer, self.card)


@contextmanager
def _without_padding(model: nn.Module) -> Iterator[None]:
    """While inside, a model that names no padding has an id for it that no token has.

    Decoders that classify a text read its last token that is no padding, and without an id for
    padding refuse several texts at once, though all of ours have one length.
    """
    config = model.config.get_text_config()  # type: ignore[union-attr, operator]
    if getattr(config, "pad_token_id", 0) is not None:
        yield
        return
    config.pad_token_id = -1
    try:
        yield
    finally:
        config.pad_token_id = None
