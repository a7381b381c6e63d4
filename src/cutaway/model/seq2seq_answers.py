"""How an encoder-decoder answers its traces' questions: its decoder, under the source of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import InvalidError, MissingError
from ..trace.attention import AttentionCall
from ..trace.source import Attributed, Attribution, Floats, Masked
from ..trace.trace import Trace
from .answers import make_room
from .arguments import Naming
from .attend import Attention
from .attribute import attribute
from .attribution_seq2seq import Encoding
from .calls import recording_cross_calls, with_written
from .conditioned import Decoder
from .discover import discover
from .encoder import Encoder, encoder_of, kind_of, states_of
from .failures import explained_running
from .fit import close, tolerance
from .forward import as_input, forward, logits_of, plain, resting
from .lm import LM
from .mask import masked
from .prompt import Prompt, read_prompt
from .record import run
from .structure import Anatomy
from .target import read_beginning, start_id
from .unchanged import last_state

__all__ = ["Seq2SeqAnswers", "key_of"]

_Read = tuple[tuple[int, ...], tuple[int, ...], bytes]
#: Length of the probe's source: unlike those of its targets, and unlike the sizes that models have.
_SOURCE = 7


class Seq2SeqAnswers(LM):
    """An LM whose every trace has a source; `Seq2SeqLM` reads them."""

    encoder: Encoder

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> None:
        self.encoder = self._reader(model, tokenizer, **named)
        super().__init__(model, tokenizer, **named)
        self.encoder._lock = self._lock  # one thread at a time uses either
        self._sources: dict[tuple[int, ...], Decoder] = {}
        self._looked_across: dict[_Read, Attention] = {}
        self._called_across: dict[_Read, dict[int, AttentionCall]] = {}

    def _reader(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> Encoder:
        return Encoder(encoder_of(model), tokenizer, **named)

    def _under_probe(
        self, model: PreTrainedModel, ids: Sequence[int]
    ) -> tuple[Decoder, dict[str, Any]]:
        """The decoder under a source to prove things by, and that source as the model takes it."""
        source = ids[:_SOURCE]
        return self._reading(model, source), {"input_ids": as_input(model, source)}

    def _found(self, model: PreTrainedModel, ids: Sequence[int]) -> Anatomy:
        decoder, source = self._under_probe(model, ids)
        with resting(model):
            whole = model(**source, decoder_input_ids=as_input(model, ids), **plain(model))
            again = logits_of(forward(decoder, as_input(model, ids)))
        if not close(again, logits_of(whole), tolerance(again.dtype)):
            raise MissingError(
                "the decoder under its source",
                because="it answers something else when it is given the encoder's states",
            )
        return discover(decoder, ids)

    def embed(self, texts: Sequence[str], **how: Any) -> Any:
        """(n, width) a vector for each text, of the encoder's states; see `ct.embed`."""
        return self.encoder.embed(texts, **how)

    def reader(self) -> LM:
        """The encoder, which answers for its side of a trace."""
        return self.encoder

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets, over the source's tokens and the decoder's earlier ones."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            encoding = self._encoding(trace)
            return attribute(self._conditioned(trace), self.anatomy, trace, wanted, encoding)

    def masked(self, trace: Trace, wanted: Masked) -> Floats:
        """(variants,) log-probability of the token with those of either text taken out, in nats."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            encoding = self._encoding(trace)
            return masked(self._conditioned(trace), self.anatomy, trace, wanted, encoding)

    def _encoding(self, trace: Trace) -> Encoding:
        """The encoder and what it reads, to be differentiated and taken out of."""
        encoder = self.encoder
        return Encoding(encoder.model, encoder.anatomy, trace.source_ids, encoder._limits.rows)

    def cross_attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, S) the weights of a decoder block's heads on the source's tokens."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            read = key_of(trace), trace.token_ids, last_state(trace)
            if read not in self._looked_across:
                make_room(self._looked_across)
                conditioned = self._conditioned(trace)
                with self.reading_again(trace, conditioned):
                    found = Attention(
                        conditioned, self.anatomy, trace.token_ids, conditioned.source_length
                    )
                self._looked_across[read] = found
            return self._looked_across[read].weights(layer, heads)

    def cross_call(self, trace: Trace, layer: int) -> AttentionCall:
        """A decoder block's queries to the source, its keys and values."""
        with self._lock, explained_running():
            self.check_unchanged(trace)
            if layer not in self.anatomy.cross_calls:
                raise MissingError(
                    f"the queries of layer {layer} to the source",
                    because=self.anatomy.capabilities["cross queries and keys"].why,
                )
            read = key_of(trace), trace.token_ids, last_state(trace)
            if read not in self._called_across:
                make_room(self._called_across)
                crossings: dict[int, AttentionCall] = {}
                conditioned = self._conditioned(trace)
                with (
                    self.reading_again(trace, conditioned),
                    recording_cross_calls(conditioned, self.anatomy, crossings.__setitem__),
                ):
                    run(conditioned, self.anatomy, trace.token_ids, ())
                self._called_across[read] = crossings
            record = self._called_across[read][layer]
            return with_written(self.model, self.anatomy, layer, record, cross=True)

    def _let_go(self) -> None:
        """Likewise, and what the encoder made of sources."""
        super()._let_go()
        for kept in (self._sources, self._looked_across, self._called_across):
            kept.clear()

    def _conditioned(self, trace: Trace) -> Decoder:
        """The decoder under the trace's source."""
        ids = trace.source_ids
        if not ids:
            raise InvalidError("trace", trace, allowed="one with a source, of an encoder-decoder")
        return self._under(ids)

    def _under(self, ids: tuple[int, ...]) -> Decoder:
        """The decoder under a source, which is read where it was not just now."""
        self.present_versions()
        if ids not in self._sources:
            make_room(self._sources)
            self._sources[ids] = self._reading(self.model, ids)
        return self._sources[ids]

    def _reading(self, model: nn.Module, ids: Sequence[int]) -> Decoder:
        """The decoder once the encoder has read a source."""
        encoder = self.encoder.model
        source = as_input(encoder, ids)
        with resting(encoder):
            output = forward(encoder, source)
        return Decoder(model, states_of(output), source, kind_of(output))

    def read(self, x: object) -> Prompt:
        """The ids of a source, as `trace` reads it."""
        return read_prompt(x, self._vocabulary, self.encoder._limits)

    def beginning(self, x: object, target: object = None) -> tuple[Prompt, Prompt | None]:
        """What the decoder goes on with, which `target` begins as in `generate`; and its source."""
        return read_beginning(target, self.model, self._vocabulary, self._limits), self.read(x)

    def start_id(self) -> int:
        """The token that begins every text of the decoder."""
        return start_id(self.model, self._vocabulary)

    def _having_read(self, source: Sequence[int]) -> Decoder:
        if not source:
            raise MissingError(
                "a source", because="this model goes on under one",
                fix="give source=, the token ids that its encoder reads",
            )  # fmt: skip
        return self._under(read_prompt(list(source), self._vocabulary, self.encoder._limits).ids)


def key_of(trace: Trace) -> tuple[int, ...]:
    """What tells a trace's source, or a source, from another: its ids, and more of a sound."""
    return (*(trace.source_ids or trace.token_ids), *trace.mark)
