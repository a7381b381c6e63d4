"""How a live model answers its traces' questions: each by the file that knows the arithmetic."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from ..core.axes import INPUT_LAYER
from ..core.errors import MissingError
from ..core.progress import working
from ..core.tokens import Piece
from ..trace.attention import AttentionCall
from ..trace.source import Attributed, Attribution, Floats, Masked, Material, Question, Rows
from ..trace.trace import Trace
from ..trace.walk import Walk
from .attend import Attention
from .attribute import attribute
from .calls import run_with_calls, with_written
from .failures import explained_running
from .float32 import in_float32
from .mask import masked
from .model_lock import ModelLock
from .project import project
from .record import run
from .structure import Anatomy
from .unchanged import Unchanged, last_state
from .vocabulary import Vocabulary
from .walk.attention import Looked
from .walk.run import walk

__all__ = ["Answers", "make_room"]

#: How many texts' attention calls are held: two, for a comparison goes to and fro between them.
_TEXTS = 2
_Given = tuple[tuple[int, ...] | bytes, ...]


class Answers(Unchanged, ABC):
    """The Source of a live trace. One thread at a time uses the model; others wait.

    model    the transformers model, left as it was given
    anatomy  where its parts are, and what is proven of them
    """

    def __init__(self, model: PreTrainedModel, anatomy: Anatomy, vocabulary: Vocabulary) -> None:
        super().__init__(model, anatomy)
        self._vocabulary = vocabulary
        self._lock = ModelLock(model)
        self._looked: dict[_Given, Attention] = {}
        self._called: dict[_Given, dict[int, AttentionCall]] = {}

    def _conditioned(self, trace: Trace) -> nn.Module:  # noqa: ARG002
        """The model under whatever the trace gave it beside its token ids."""
        return self.model

    def _let_go(self) -> None:
        """Forget what was kept of earlier texts."""
        self._looked.clear()
        self._called.clear()

    def project(self, trace: Trace, question: Question) -> Rows:
        """Unembed the states asked about and reduce each row."""
        if not self.anatomy.speaks:
            because = self.anatomy.capabilities["logit lens"].why
            raise MissingError("the logit lens", because=because)
        with self._lock, explained_running():
            self.check_unchanged(trace, tail=True)
            return project(self._conditioned(trace), self.anatomy, trace, question)

    def replay(self, trace: Trace, material: str, layers: Sequence[int]) -> Material:
        """A material that was not kept, by running the trace's tokens again."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            conditioned, wanted = self._conditioned(trace), tuple(layers)
            with self.reading_again(trace, conditioned):
                found = run(conditioned, self.anatomy, trace.token_ids, (material,), wanted)
        return found[material]

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            return attribute(self._conditioned(trace), self.anatomy, trace, wanted)

    def classify(self, trace: Trace, layers: Sequence[int]) -> Floats:  # noqa: ARG002
        """Always refused: a language model says tokens (see model.classifier)."""
        raise MissingError(
            "classes", because=f"{type(self.model).__name__} has no head that classifies",
            fix="ask for its tokens: ct.logit_lens(trace)",
        )  # fmt: skip

    def attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, T) the attention weights of some heads of one block."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            given = _given(trace)
            if given not in self._looked:
                make_room(self._looked)
                conditioned = self._conditioned(trace)
                with self.reading_again(trace, conditioned):
                    found = Attention(conditioned, self.anatomy, trace.token_ids)
                self._looked[given] = found
            return self._looked[given].weights(layer, heads)

    def attention_call(self, trace: Trace, layer: int) -> AttentionCall:
        """The queries, keys and values of one block."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            if layer not in self.anatomy.calls:
                raise MissingError(
                    f"the queries and keys of layer {layer}",
                    because=self.anatomy.capabilities["queries and keys"].why,
                )
            given = _given(trace)
            if given not in self._called:
                make_room(self._called)
                conditioned = self._conditioned(trace)
                with self.reading_again(trace, conditioned):
                    records = run_with_calls(conditioned, self.anatomy, trace.token_ids, ())[1]
                self._called[given] = records
            record = self._called[given][layer]
            return with_written(self.model, self.anatomy, layer, record)

    def cross_attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:  # noqa: ARG002
        """Refused: only an encoder-decoder has it."""
        raise _no_source()

    def cross_call(self, trace: Trace, layer: int) -> AttentionCall:  # noqa: ARG002
        """Refused, likewise."""
        raise _no_source()

    def reader(self) -> Answers:
        """Who answers for the encoder's side of a trace: itself, where there is no other."""
        return self

    def walk(self, trace: Trace, layer: int, at: int) -> Walk:
        """Every step of one position through one block, each recomputed from the steps before."""

        def attended(block: int) -> Looked:
            return self._looked_at(trace, block, cross=False)

        def crossed(block: int) -> Looked:
            return self._looked_at(trace, block, cross=True)

        with self._lock, explained_running():
            self.check_unchanged(trace)
            conditioned = self._conditioned(trace)
            return walk(conditioned, self.anatomy, trace, layer, at, attended, crossed)

    def _looked_at(self, trace: Trace, layer: int, *, cross: bool) -> Looked:
        """What an attention of a block worked on: its weights, and the rest where it is proven."""
        anatomy = self.anatomy
        heads = anatomy.cross_heads if cross else anatomy.heads
        if layer not in heads:
            known = anatomy.capabilities.get("cross-attention" if cross else "attention")
            why = f"block {layer} is not seen to weigh tokens against each other, one by one"
            raise MissingError(
                "the attention weights", because=known.why if known and not known.proven else why
            )
        H, groups = heads[layer]
        weigh = self.cross_attention if cross else self.attention
        weights = weigh(trace, layer, range(H))
        try:
            call = self.cross_call(trace, layer) if cross else self.attention_call(trace, layer)
        except MissingError as missing:
            return Looked(weights, groups, why=str(missing))
        return Looked(weights, groups, call)

    def masked(self, trace: Trace, wanted: Masked) -> Floats:
        """(variants,) log-probability of the token with those positions taken out, in nats."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            return masked(self._conditioned(trace), self.anatomy, trace, wanted)

    def in_float32(self, trace: Trace) -> Trace:
        """The same text as the same weights read it in float32, as a trace of its own.

        Made anew each time, for weights and adapters may change in between.
        """
        every = range(INPUT_LAYER, trace.n_layers)
        with self._lock, explained_running(), working("reading it again in float32"):
            self.check_unchanged(trace)
            wide = self._again(in_float32(self.model))
            bare = replace(trace, materials={}, weights=None)  # of the rounded weights
            states = wide.replay(bare, "states", every)
        return replace(
            trace, card=replace(trace.card, dtype="float32"), materials={"states": states},
            answers=None, calls={}, crossings={}, source=wide, weights=None,
        )  # fmt: skip

    @abstractmethod
    def _again(self, model: PreTrainedModel) -> Answers:
        """The same kind of source around another model."""

    def blank_id(self) -> int:
        """The token that stands for one taken out: mask, unknown token or padding, else a space."""
        return self._vocabulary.blank_id()

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        """Text and label of vocabulary entries; id -1 has the label "–"."""
        return self._vocabulary.pieces(token_ids)

    def token_id(self, text: str) -> int:
        """The id of a text that is one token; InvalidError names the pieces of one that is not."""
        return self._vocabulary.token_id(text)


def _given(trace: Trace) -> _Given:
    """What the model was given: a pair of texts is told from one text of the same ids, one source
    from another, and one sound from another, whose frames have no ids; and what came of it."""
    given = trace.token_ids, trace.tokens.types, trace.source_ids, trace.mark
    return *given, last_state(trace)


def _no_source() -> MissingError:
    return MissingError("cross-attention", because="this model reads no source beside its text")


def make_room(held: dict[Any, Any]) -> None:
    """Let go of the oldest texts' calls before the next are made."""
    while len(held) >= _TEXTS:
        del held[next(iter(held))]
