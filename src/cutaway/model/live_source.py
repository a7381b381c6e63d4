"""How a live model answers its traces' questions: each by the file that knows the arithmetic."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from torch import nn
from transformers import PreTrainedModel

from ..core.axes import INPUT_LAYER
from ..core.errors import MissingError
from ..core.progress import working
from ..core.tokens import Piece
from ..trace.attention import AttentionCall
from ..trace.source import Ablation, Attributed, Attribution, Floats, Material, Question, Rows
from ..trace.trace import Trace
from ..trace.walk import Walk
from .attend import Attention
from .attribute import attribute
from .conditioned import Decoder, GivenTypes
from .failures import explained_running
from .float32 import in_float32
from .model_lock import ModelLock
from .model_versions import ModelVersions, last_state
from .project import project
from .recent_texts import RecentTexts
from .record import run
from .record_attention import attention_calls_of, with_written
from .structure import Anatomy
from .token_removal import masked
from .vocabulary import Vocabulary
from .walk.attention import SeenAttention
from .walk.run import walk

__all__ = ["LiveSource"]

_Calls = dict[int, AttentionCall]
_Given = tuple[tuple[int, ...] | bytes, ...]


class LiveSource(ABC):
    """The Source of a live trace. One thread at a time uses the model; others wait.

    model    the transformers model, left as it was given
    anatomy  where its parts are, and what is proven of them
    """

    def __init__(self, model: PreTrainedModel, anatomy: Anatomy, vocabulary: Vocabulary) -> None:
        self.model = model
        self.anatomy = anatomy
        self._vocabulary = vocabulary
        self._lock = ModelLock(model)
        self._versions = ModelVersions(model, anatomy)
        # Of the attention to the text (False) and of that to the source (True).
        both, recent = (False, True), self._versions.recent_texts
        self._attentions: dict[bool, RecentTexts[Attention]] = {cross: recent() for cross in both}
        self._calls: dict[bool, RecentTexts[_Calls]] = {cross: recent() for cross in both}

    def share_lock(self, other: LiveSource) -> None:
        """One thread at a time uses either: they are parts of one model."""
        self._lock = other._lock

    @contextmanager
    def _answering(self, trace: Trace, *, tail: bool = False) -> Iterator[None]:
        """The model for this thread alone, if it is still the one that made the trace.

        tail  what is asked is of states that were kept, and needs only the modules behind them
        """
        with self._lock, explained_running():
            self._versions.check(trace, tail=tail)
            yield

    def conditioned(self, trace: Trace) -> nn.Module:
        """The model under whatever the trace gave it beside its token ids."""
        return self._given_types(trace.tokens.types)

    def _given_types(self, types: tuple[int, ...]) -> nn.Module:
        """The model under a pair's token types; the same one where there are none."""
        return GivenTypes(self.model, types) if types else self.model

    def project(self, trace: Trace, question: Question) -> Rows:
        """Unembed the states asked about and reduce each row."""
        if not self.anatomy.has_language_head:
            because = self.anatomy.capabilities["logit lens"].why
            raise MissingError("the logit lens", because=because)
        with self._answering(trace, tail=True):
            return project(self.conditioned(trace), self.anatomy, trace, question)

    def replay(self, trace: Trace, material: str, layers: Sequence[int]) -> Material:
        """A material that was not kept, by running the trace's tokens again."""
        with self._answering(trace):
            conditioned, wanted = self.conditioned(trace), tuple(layers)
            with self._versions.reading_again(trace, conditioned):
                found = run(conditioned, self.anatomy, trace.token_ids, (material,), wanted)
        return found[material]

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets."""
        with self._answering(trace):
            return attribute(self.conditioned(trace), self.anatomy, trace, wanted)

    def classify(self, trace: Trace, layers: Sequence[int]) -> Floats:  # noqa: ARG002
        """Always refused: a language model says tokens (see model.classifier)."""
        raise MissingError(
            "classes", because=f"{type(self.model).__name__} has no head that classifies",
            fix="ask for its tokens: ct.logit_lens(trace)",
        )  # fmt: skip

    def attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, T) the attention weights of some heads of one block."""
        with self._answering(trace):
            return self._attention(trace, cross=False).weights(layer, heads)

    def cross_attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, S) the weights of a decoder block's heads on the source's tokens.

        Raises MissingError for a model that reads no source.
        """
        with self._answering(trace):
            return self._attention(trace, cross=True).weights(layer, heads)

    def attention_call(self, trace: Trace, layer: int) -> AttentionCall:
        """The queries, keys and values of one block."""
        return self._attention_call(trace, layer, cross=False)

    def cross_call(self, trace: Trace, layer: int) -> AttentionCall:
        """A decoder block's queries to the source, its keys and values.

        Raises MissingError for a model that reads no source.
        """
        return self._attention_call(trace, layer, cross=True)

    def _attention(self, trace: Trace, *, cross: bool) -> Attention:
        """The attention of the trace's tokens to each other, or to the source."""

        def attend() -> Attention:
            model = self.conditioned(trace)
            n_keys = _source_length(model) if cross else None
            with self._versions.reading_again(trace, model):
                return Attention(model, self.anatomy, trace.token_ids, n_keys)

        return self._attentions[cross].get(_given(trace), attend)

    def _attention_call(self, trace: Trace, layer: int, *, cross: bool) -> AttentionCall:
        """What a block's attention, to the text or to the source, was given."""
        with self._answering(trace):
            self._check_calls(layer, cross=cross)

            def record() -> _Calls:
                model = self.conditioned(trace)
                with self._versions.reading_again(trace, model):
                    return attention_calls_of(model, self.anatomy, trace.token_ids, cross=cross)

            found = self._calls[cross].get(_given(trace), record)[layer]
            return with_written(self.model, self.anatomy, layer, found, cross=cross)

    def _check_calls(self, layer: int, *, cross: bool) -> None:
        """MissingError where a block's queries and keys were not proven."""
        anatomy = self.anatomy
        if layer in (anatomy.cross_calls if cross else anatomy.calls):
            return
        known = anatomy.capabilities.get("cross queries and keys" if cross else "queries and keys")
        if known is None:
            raise _no_source()
        what = (
            "the queries of layer {} to the source" if cross else "the queries and keys of layer {}"
        )
        raise MissingError(what.format(layer), because=known.why)

    def encoder_source(self) -> LiveSource:
        """Who answers for the encoder's side of a trace: itself, where there is no other."""
        return self

    def walk(self, trace: Trace, layer: int, at: int) -> Walk:
        """Every step of one position through one block, each recomputed from the steps before."""

        def attended(block: int) -> SeenAttention:
            return self._looked_at(trace, block, cross=False)

        def crossed(block: int) -> SeenAttention:
            return self._looked_at(trace, block, cross=True)

        with self._answering(trace):
            conditioned = self.conditioned(trace)
            return walk(conditioned, self.anatomy, trace, layer, at, attended, crossed)

    def _looked_at(self, trace: Trace, layer: int, *, cross: bool) -> SeenAttention:
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
            return SeenAttention(weights, groups, why=str(missing))
        return SeenAttention(weights, groups, call)

    def ablate(self, trace: Trace, wanted: Ablation) -> Floats:
        """(variants,) log-probability of the token with those positions taken out, in nats."""
        with self._answering(trace):
            return masked(self.conditioned(trace), self.anatomy, trace, wanted)

    def in_float32(self, trace: Trace) -> Trace:
        """The same text as the same weights read it in float32, as a trace of its own.

        Made anew each time, for weights and adapters may change in between.
        """
        every = range(INPUT_LAYER, trace.n_layers)
        with self._answering(trace), working("reading it again in float32"):
            wide = self._rebuilt(in_float32(self.model))
            bare = replace(trace, materials={}, weight_versions=None)  # of the rounded weights
            states = wide.replay(bare, "states", every)
        return replace(
            trace, card=replace(trace.card, dtype="float32"), materials={"states": states},
            answers=None, calls={}, cross_calls={}, source=wide, weight_versions=None,
        )  # fmt: skip

    @abstractmethod
    def _rebuilt(self, model: PreTrainedModel) -> LiveSource:
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
    given = trace.token_ids, trace.tokens.types, trace.source_ids, trace.sound_digest
    return *given, last_state(trace)


def _no_source() -> MissingError:
    return MissingError("cross-attention", because="this model reads no source beside its text")


def _source_length(model: nn.Module) -> int:
    """How many positions the source has that a decoder reads."""
    if not isinstance(model, Decoder):
        raise _no_source()
    return model.source_length
