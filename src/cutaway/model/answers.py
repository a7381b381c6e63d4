"""How a live model answers its traces' questions: each by the file that knows the arithmetic."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from transformers import PreTrainedModel

from ..core.errors import MissingError
from ..core.tokens import Piece
from ..trace.source import Attributed, Attribution, Floats, Masked, Material, Question, Rows
from ..trace.trace import Trace
from .attend import attention_calls, weights
from .attribute import attribute
from .dispatch import Call
from .explain import explained_running
from .mask import masked
from .pieces import Vocabulary
from .project import project
from .record import run
from .structure import Anatomy

__all__ = ["Answers"]


class Answers:
    """The Source of a live trace. One thread at a time uses the model; others wait.

    model    the transformers model, left as it was given
    anatomy  where its parts are, and what is proven of them
    """

    def __init__(self, model: PreTrainedModel, anatomy: Anatomy, vocabulary: Vocabulary) -> None:
        self.model = model
        self.anatomy = anatomy
        self._vocabulary = vocabulary
        self._lock = threading.RLock()
        self._looked: tuple[tuple[int, ...], dict[int, Call]] | None = None

    def project(self, trace: Trace, question: Question) -> Rows:
        """Unembed the states asked about and reduce each row."""
        with self._lock, explained_running():
            return project(self.model, self.anatomy, trace, question)

    def replay(self, trace: Trace, material: str, layers: Sequence[int]) -> Material:
        """A material that was not kept, by running the trace's tokens again."""
        with self._lock, explained_running():
            found = run(self.model, self.anatomy, trace.token_ids, (material,), tuple(layers))
        return found[material]

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets."""
        with self._lock, explained_running():
            return attribute(self.model, self.anatomy, trace, wanted)

    def attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, T) the attention weights of some heads of one block."""
        with self._lock, explained_running():
            if self._looked is None or self._looked[0] != trace.token_ids:
                self._looked = None  # lets go of the last text's calls before the next are made
                calls = attention_calls(self.model, self.anatomy, trace.token_ids)
                self._looked = trace.token_ids, calls
            calls = self._looked[1]
            if layer not in calls:
                raise MissingError(f"the attention of layer {layer}", because="it was not caught")
            return weights(calls[layer], heads)

    def masked(self, trace: Trace, wanted: Masked) -> Floats:
        """(variants,) log-probability of the token with those positions taken out, in nats."""
        with self._lock, explained_running():
            return masked(self.model, self.anatomy, trace, wanted)

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        """Text and label of vocabulary entries; id -1 has the label "–"."""
        return self._vocabulary.pieces(token_ids)

    def token_id(self, text: str) -> int:
        """The id of a text that is one token; InvalidError names the pieces of one that is not."""
        return self._vocabulary.token_id(text)
