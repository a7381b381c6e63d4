"""A classifier in the user's hands: its traces are asked for classes instead of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Unpack

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.axes import INPUT_LAYER
from ..core.errors import MissingError
from ..trace.card import Capability
from ..trace.source import Floats
from ..trace.trace import Trace
from .arguments import Naming
from .classification import (
    ClassifierWithStates,
    classify,
    labels_of,
    prove_classes,
    scores_of,
    task_of,
)
from .discover import discover
from .failures import explained_running
from .forward import as_input, forward, inference_mode
from .lm import LM
from .proof import prove_saliency
from .record import numbers
from .structure import Anatomy
from .trial_text import trial_ids
from .vocabulary import Vocabulary

__all__ = ["Classifier"]

_SILENT = "it has no language head: it says classes, no tokens; ask ct.classes(trace)"


class Classifier(LM):
    """A model that classifies a text, its tokens, or where in it an answer lies.

    >>> lm = ct.load("a/folder-with-a-BertForSequenceClassification")  # doctest: +SKIP
    >>> lm.card.task, lm.card.labels  # doctest: +SKIP
    ('sequence', ('NEGATIVE', 'POSITIVE'))

    It is an LM without a language head: the lenses of tokens are refused, and name `ct.classes`.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> None:
        super().__init__(model, tokenizer, **named)
        task, config = task_of(model), model.config
        self.card = replace(
            self.card,
            task=task,
            labels=labels_of(config, task, self._n_labels),
            scores=scores_of(config, task, self._n_labels),
        )

    def classify(self, trace: Trace, layers: Sequence[int]) -> Floats:
        """(R, n) or (R, T, n) the labels' logits after each layer; see `ct.classes`."""
        capability = self.anatomy.capabilities["classes"]
        if not capability.proven:
            raise MissingError("classes", because=capability.why)
        with self._lock, explained_running():
            self._versions.check(trace)
            return numbers(classify(self.conditioned(trace), self.anatomy, trace.token_ids, layers))

    def _discover(self, model: PreTrainedModel, vocabulary: Vocabulary) -> Anatomy:
        """The parts of its body, and what is proven of its head."""
        ids = trial_ids(vocabulary, model.config)
        with_states = ClassifierWithStates(model)
        anatomy = discover(with_states, ids)
        with inference_mode(with_states):
            self._n_labels = forward(with_states, as_input(with_states, ids)).answer.shape[-1]
            saliency = prove_saliency(model, anatomy, ids)
        known = {
            **anatomy.capabilities,
            "logit lens": Capability(False, _SILENT),
            "classes": prove_classes(with_states, anatomy, ids),
            "saliency": saliency,
        }
        return replace(anatomy, capabilities=known)

    def _answered(self, trace: Trace) -> Trace:
        """The trace with the classes after each layer, so that it needs no model for them."""
        every = range(INPUT_LAYER, self.card.n_layers)
        return replace(trace, class_logits=self.classify(trace, every))

    @cached_property
    def _with_states(self) -> ClassifierWithStates:
        return ClassifierWithStates(self.model)

    def _given_types(self, types: tuple[int, ...]) -> nn.Module:
        return ClassifierWithStates(super()._given_types(types)) if types else self._with_states
