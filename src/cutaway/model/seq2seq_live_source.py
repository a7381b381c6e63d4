"""How an encoder-decoder answers its traces' questions: its decoder, under the source of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Unpack

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import InvalidError, MissingError
from ..trace.source import Ablation, Attributed, Attribution, Floats
from ..trace.trace import Trace
from .arguments import Naming
from .attribute import attribute
from .attribution_seq2seq import Encoding
from .conditioned import Decoder
from .discover import discover
from .encoder import Encoder, encoder_of, output_class, states_of
from .equality import close, tolerance
from .forward import as_input, forward, inference_mode, logits_of, pass_options
from .hooks import forward_hooks
from .lm import LM
from .prompt import Prompt, read_prompt
from .recent_texts import RecentTexts
from .structure import Anatomy
from .target import read_beginning, start_id
from .token_removal import masked

__all__ = ["Seq2SeqLiveSource", "key_of"]

#: Length of the trial's source: unlike those of its targets, and unlike the sizes that models have.
_SOURCE = 7


class Seq2SeqLiveSource(LM):
    """An LM whose every trace has a source; `Seq2SeqLM` reads them."""

    encoder: Encoder

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> None:
        self.encoder = self._reader(model, tokenizer, **named)
        super().__init__(model, tokenizer, **named)
        self.encoder.share_lock(self)
        self._sources = RecentTexts[Decoder]()

    def _reader(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> Encoder:
        return Encoder(encoder_of(model), tokenizer, **named)

    def _under_trial_source(
        self, model: PreTrainedModel, ids: Sequence[int]
    ) -> tuple[Decoder, dict[str, Any]]:
        """The decoder under a source to prove things by, and that source as the model takes it."""
        source = ids[:_SOURCE]
        return self._reading(model, source), {"input_ids": as_input(model, source)}

    def _discover(self, model: PreTrainedModel, ids: Sequence[int]) -> Anatomy:
        decoder, source = self._under_trial_source(model, ids)
        with inference_mode(model):
            whole = model(**source, decoder_input_ids=as_input(model, ids), **pass_options(model))
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

    def encoder_source(self) -> LM:
        """The encoder, which answers for its side of a trace."""
        return self.encoder

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets, over the source's tokens and the decoder's earlier ones."""
        with self._answering(trace):
            encoding = self._encoding(trace)
            return attribute(self.conditioned(trace), self.anatomy, trace, wanted, encoding)

    def ablate(self, trace: Trace, wanted: Ablation) -> Floats:
        """(variants,) log-probability of the token with those of either text taken out, in nats."""
        with self._answering(trace):
            encoding = self._encoding(trace)
            return masked(self.conditioned(trace), self.anatomy, trace, wanted, encoding)

    @contextmanager
    def _encoder_outputs(self) -> Iterator[list[Any]]:
        """What the encoder gives while inside, call by call."""
        outputs: list[Any] = []

        def take(_key: int, _args: Any, _kwargs: Any, output: Any) -> None:
            outputs.append(output)

        with forward_hooks({0: self.encoder.model}, take):
            yield outputs

    def _encoding(self, trace: Trace) -> Encoding:
        """The encoder and what it reads, to be differentiated and taken out of."""
        encoder = self.encoder
        return Encoding(encoder.model, encoder.anatomy, trace.source_ids, encoder.limits.rows)

    def _let_go(self) -> None:
        """Likewise, and what the encoder made of sources."""
        super()._let_go()
        self._sources.clear()

    def conditioned(self, trace: Trace) -> Decoder:
        """The decoder under the trace's source."""
        ids = trace.source_ids
        if not ids:
            raise InvalidError("trace", trace, allowed="one with a source, of an encoder-decoder")
        return self._under(ids)

    def _under(self, ids: tuple[int, ...]) -> Decoder:
        """The decoder under a source, which is read where it was not just now."""
        self.present_versions()
        return self._sources.get(ids, lambda: self._reading(self.model, ids))

    def _reading(self, model: nn.Module, ids: Sequence[int]) -> Decoder:
        """The decoder once the encoder has read a source."""
        encoder = self.encoder.model
        source = as_input(encoder, ids)
        with inference_mode(encoder):
            output = forward(encoder, source)
        return Decoder(model, states_of(output), source, output_class(output))

    def read(self, x: object) -> Prompt:
        """The ids of a source, as `trace` reads it."""
        return read_prompt(x, self._vocabulary, self.encoder.limits)

    def beginning(self, x: object, target: object = None) -> tuple[Prompt, Prompt | None]:
        """What the decoder goes on with, which `target` begins as in `generate`; and its source."""
        return read_beginning(target, self.model, self._vocabulary, self.limits), self.read(x)

    def start_id(self) -> int:
        """The token that begins every text of the decoder."""
        return start_id(self.model, self._vocabulary)

    def _having_read(self, source: Sequence[int]) -> Decoder:
        if not source:
            raise MissingError(
                "a source", because="this model goes on under one",
                fix="give source=, the token ids that its encoder reads",
            )  # fmt: skip
        return self._under(read_prompt(list(source), self._vocabulary, self.encoder.limits).ids)


def key_of(trace: Trace) -> tuple[int, ...]:
    """What tells a trace's source, or a source, from another: its ids, and more of a sound."""
    return (*(trace.source_ids or trace.token_ids), *trace.sound_digest)
