"""How an encoder-decoder answers its traces' questions: its decoder, under the source of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import InvalidError, MissingError
from ..trace.attention import AttentionCall
from ..trace.source import Attributed, Attribution, Floats, Masked
from ..trace.trace import Trace
from .answers import make_room
from .attend import Attention
from .attribute import attribute
from .calls import recording_crossings, with_written
from .discover import discover
from .encoder import Encoder, encoder_of, kind_of, states_of
from .explain import explained_running
from .fit import close, tolerance
from .forward import as_input, forward, logits_of, plain, resting
from .lm import LM
from .posed import Decoder
from .record import run
from .sourced import Encoding
from .structure import Anatomy

__all__ = ["Sources"]

_Read = tuple[tuple[int, ...], tuple[int, ...]]
#: Length of the probe's source: unlike those of its targets, and unlike the sizes that models have.
_SOURCE = 7


class Sources(LM):
    """An LM whose every trace has a source; `Seq2SeqLM` reads them."""

    encoder: Encoder

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        revision: str = "",
    ) -> None:
        self.encoder = Encoder(encoder_of(model), tokenizer, name=name, revision=revision)
        super().__init__(model, tokenizer, name=name, revision=revision)
        self.encoder._lock = self._lock  # one thread at a time uses either
        self._sources: dict[tuple[int, ...], Decoder] = {}
        self._looked_across: dict[_Read, Attention] = {}
        self._called_across: dict[_Read, dict[int, AttentionCall]] = {}

    def _found(self, model: PreTrainedModel, ids: Sequence[int]) -> Anatomy:
        source = ids[:_SOURCE]
        decoder = self._reading(model, source)
        with resting(model):
            whole = model(
                input_ids=as_input(model, source), decoder_input_ids=as_input(model, ids),
                **plain(model),
            )  # fmt: skip
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
            encoder = self.encoder
            encoding = Encoding(
                encoder.model, encoder.anatomy, trace.source_ids, encoder._limits.rows
            )
            return attribute(self._posed(trace), self.anatomy, trace, wanted, encoding)

    def masked(self, trace: Trace, wanted: Masked) -> Floats:  # noqa: ARG002
        """Refused: it takes tokens out of one text only."""
        raise MissingError(
            "the check", because="it takes tokens out of one text, and this model reads two",
            fix="method='occlusion' takes out those of both",
        )  # fmt: skip

    def cross_attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, S) the weights of a decoder block's heads on the source's tokens."""
        with self._lock, explained_running():
            read = trace.source_ids, trace.token_ids
            if read not in self._looked_across:
                make_room(self._looked_across)
                posed = self._posed(trace)
                self._looked_across[read] = Attention(
                    posed, self.anatomy, trace.token_ids, posed.source_length
                )
            return self._looked_across[read].weights(layer, heads)

    def cross_call(self, trace: Trace, layer: int) -> AttentionCall:
        """A decoder block's queries to the source, its keys and values."""
        with self._lock, explained_running():
            if layer not in self.anatomy.cross_calls:
                raise MissingError(
                    f"the queries of layer {layer} to the source",
                    because=self.anatomy.capabilities["cross queries and keys"].why,
                )
            read = trace.source_ids, trace.token_ids
            if read not in self._called_across:
                make_room(self._called_across)
                crossings: dict[int, AttentionCall] = {}
                posed = self._posed(trace)
                with recording_crossings(posed, self.anatomy, crossings.__setitem__):
                    run(posed, self.anatomy, trace.token_ids, ())
                self._called_across[read] = crossings
            record = self._called_across[read][layer]
            return with_written(self.model, self.anatomy, layer, record, cross=True)

    def _posed(self, trace: Trace) -> Decoder:
        """The decoder under the trace's source, which is read where it was not just now."""
        ids = trace.source_ids
        if not ids:
            raise InvalidError("trace", trace, allowed="one with a source, of an encoder-decoder")
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

    def _read_ids(self, token_ids: Sequence[int]) -> tuple[int, ...]:  # noqa: ARG002
        raise MissingError(
            "what comes next", because="this model goes on under a source, and is asked with one "
            "text only",
            fix="ct.predictions(lm.trace(source, target=text)) gives the likeliest tokens",
        )  # fmt: skip
