"""How a live model answers its traces' questions: each by the file that knows the arithmetic."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedModel

from ..core.errors import MissingError
from ..core.tokens import Piece
from ..trace.attention import AttentionCall
from ..trace.source import Attributed, Attribution, Floats, Masked, Material, Question, Rows
from ..trace.trace import Trace
from ..trace.walk import Walk
from .attend import Attention
from .attribute import attribute
from .calls import run_with_calls, with_written
from .explain import explained_running
from .mask import masked
from .pieces import Vocabulary
from .project import project
from .record import run
from .structure import Anatomy
from .walk.run import walk

__all__ = ["Answers"]

#: How many texts' attention calls are held: two, for a comparison goes to and fro between them.
_TEXTS = 2


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
        self._looked: dict[tuple[int, ...], Attention] = {}
        self._called: dict[tuple[int, ...], dict[int, AttentionCall]] = {}

    def project(self, trace: Trace, question: Question) -> Rows:
        """Unembed the states asked about and reduce each row."""
        if not self.anatomy.speaks:
            because = self.anatomy.capabilities["logit lens"].why
            raise MissingError("the logit lens", because=because)
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
            if trace.token_ids not in self._looked:
                _make_room(self._looked)
                found = Attention(self.model, self.anatomy, trace.token_ids)
                self._looked[trace.token_ids] = found
            return self._looked[trace.token_ids].weights(layer, heads)

    def attention_call(self, trace: Trace, layer: int) -> AttentionCall:
        """The queries, keys and values of one block."""
        with self._lock, explained_running():
            if layer not in self.anatomy.calls:
                raise MissingError(
                    f"the queries and keys of layer {layer}",
                    because=self.anatomy.capabilities["queries and keys"].why,
                )
            if trace.token_ids not in self._called:
                _make_room(self._called)
                records = run_with_calls(self.model, self.anatomy, trace.token_ids, ())[1]
                self._called[trace.token_ids] = records
            record = self._called[trace.token_ids][layer]
            return with_written(self.model, self.anatomy, layer, record)

    def walk(self, trace: Trace, layer: int, at: int) -> Walk:
        """Every step of one position through one block, each recomputed from the steps before."""

        def attended(block: int) -> tuple[AttentionCall, Floats]:
            call = self.attention_call(trace, block)
            return call, self.attention(trace, block, range(call.n_heads))

        with self._lock, explained_running():
            return walk(self.model, self.anatomy, trace, layer, at, attended)

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


def _make_room(held: dict[tuple[int, ...], Any]) -> None:
    """Let go of the oldest texts' calls before the next are made."""
    while len(held) >= _TEXTS:
        del held[next(iter(held))]
