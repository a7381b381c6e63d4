"""An encoder-decoder in the user's hands: its decoder is looked at, and its source beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import InvalidError, MissingError
from ..core.progress import working
from ..trace.keep import material_bytes
from ..trace.source import Ablation, Attributed, Attribution, Floats
from ..trace.trace import Trace
from .arguments import Chat, Ids, Naming
from .attribute import attribute
from .conditioned import Decoder
from .discover import discover
from .encoder import Encoder, encoder_of
from .equality import close, tolerance
from .failures import explained_running
from .forward import as_input, forward, inference_mode, logits_of, pass_options
from .lm import LM
from .materials import Keep, had_of, read_materials
from .prompt import Prompt, read_prompt
from .recent_texts import RecentTexts
from .record import run
from .record_attention import recording_cross_calls, run_with_calls, with_all_written
from .structure import Anatomy
from .target import read_beginning, read_target, start_id
from .text_recorder import Calls
from .token_removal import masked
from .trial_text import trial_ids
from .vocabulary import Vocabulary

__all__ = ["Seq2SeqLM"]

_APART = "run one by one, not in batches: every text has a source of its own"


class Seq2SeqLM(LM):
    """An encoder-decoder whose parts are found and proven; made by `load` or `wrap`.

    >>> trace = lm.trace("The keys", target="Les clefs")  # doctest: +SKIP
    >>> trace.source_ids, trace.token_ids  # doctest: +SKIP
    ((37, 9060, 1), (0, 622, 11737, 7, 1))

    encoder  the encoder as a model of its own, without a language head; all else, `anatomy`,
             `card` and every lens, is of the decoder under a source
    """

    encoder: Encoder

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> None:
        self.encoder = self._opened_encoder(model, tokenizer, **named)
        super().__init__(model, tokenizer, **named)
        self.encoder.share_lock(self)
        self._sources: RecentTexts[Decoder] = self._versions.recent_texts()

    def _opened_encoder(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> Encoder:
        return Encoder(encoder_of(model), tokenizer, **named)

    def _discover(self, model: PreTrainedModel, vocabulary: Vocabulary) -> Anatomy:
        encoder, ids = self.encoder, trial_ids(vocabulary, model.config)
        source, target = encoder.trial_source(ids), as_input(model, ids)
        decoder = encoder.decoder(model, source)
        given = {encoder.input_name: encoder.as_input(source)}
        with inference_mode(model):
            whole = model(**given, decoder_input_ids=target, **pass_options(model))
            again = logits_of(forward(decoder, target))
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
            decoder, encoding = self.conditioned(trace), self.encoder.encoding(_source_of(trace))
            return attribute(decoder, self.anatomy, trace, wanted, encoding)

    def ablate(self, trace: Trace, wanted: Ablation) -> Floats:
        """(variants,) log-probability of the token with those of either text taken out, in nats."""
        with self._answering(trace):
            decoder, encoding = self.conditioned(trace), self.encoder.encoding(_source_of(trace))
            return masked(decoder, self.anatomy, trace, wanted, encoding)

    def conditioned(self, trace: Trace) -> Decoder:
        """The decoder under the trace's source."""
        source = _source_of(trace)
        return self._sources.get(
            _key_of(source), lambda: self.encoder.decoder_again(self.model, source)
        )

    def read(self, x: object) -> Prompt:
        """The ids of a source, as `trace` reads it."""
        return read_prompt(x, self._vocabulary, self.encoder.limits)

    def start_id(self) -> int:
        """The token that begins every text of the decoder."""
        return start_id(self.model, self._vocabulary)

    def _having_read(self, source: Sequence[int]) -> Decoder:
        if not source:
            raise MissingError(
                "a source", because="this model goes on under one",
                fix="give source=, the token ids that its encoder reads",
            )  # fmt: skip
        read = self.read(list(source))
        self._versions.present()
        return self._sources.get(read.ids, lambda: self.encoder.decoder(self.model, read))

    def _trace(
        self, x: Any, text_b: str | None, target: Any, materials: tuple[str, ...], **how: bool
    ) -> Trace | list[Trace]:
        """The traces of a source or of several, each with its target; see `LM.trace`."""
        if text_b is not None:
            raise InvalidError("text_b", text_b, allowed="None: an encoder-decoder takes a target")
        several = self._several(x)
        sources, targets = (x, target) if several else ([x], [target])
        targets = [None] * len(sources) if targets is None else targets
        if isinstance(targets, str) or len(targets) != len(sources):
            raise InvalidError("target", target, allowed=f"a list of {len(sources)}, as of sources")
        special = how["add_special_tokens"]
        read = [
            (self.encoder.read_source(one, **how), self._read_target(given, special))
            for one, given in zip(sources, targets, strict=True)
        ]
        note = (_APART,) if len(read) > 1 else ()
        traces = [self._record(begun, source, (), materials, {}, note) for source, begun in read]
        return traces if several else traces[0]

    def _begun(self, text: Any, target: Any) -> tuple[Prompt, Prompt | None]:
        begun = read_beginning(target, self.model, self._vocabulary, self.limits)
        return begun, self.encoder.read_source(text)

    def _source_input(self, source: Prompt | None) -> Tensor | None:
        return None if source is None else self.encoder.as_input(source)

    def cost(
        self, x: str | Ids | Chat, keep: Keep = None, *, target: str | Ids | None = None
    ) -> dict[str, int]:
        """Bytes that a trace of a source and a target will hold, by material, of both sides."""
        source = self.encoder.read_source(x)
        materials, S = read_materials(keep, self.card), len(source.ids)
        T = len(self._read_target(target, True).ids)
        own = material_bytes(self.card, T, materials, S)
        beside = material_bytes(self.encoder.card, S, had_of(materials, self.encoder.card))
        return {name: size + beside.get(name, 0) for name, size in own.items()}

    def _read_target(self, target: object, special: bool) -> Prompt:
        return read_target(
            target, self.model, self._vocabulary, self.limits, add_special_tokens=special
        )

    def _record(
        self,
        begun: Prompt,
        source: Prompt | None,
        output: Sequence[int],
        materials: tuple[str, ...],
        made: Mapping[str, Any],
        notes: tuple[str, ...] = (),
    ) -> Trace:
        """One trace of a source and what the decoder reads under it, recorded in one pass."""
        assert source is not None
        ids = (*begun.ids, *output)
        with self._lock, explained_running(), working("reading"):
            versions = self._versions.present()
            of_source = had_of(materials, self.encoder.card)
            encoder, decoder = self.encoder.traced_decoder(self.model, source, of_source)
            self._sources.put(_key_of(encoder), decoder)
            arrays, calls, crossings = self._run(decoder, ids, materials)
        trace = Trace(
            tokens=begun.row(self._vocabulary, output),
            card=self.card,
            materials=arrays,
            calls=calls,
            source=self,
            options={"prompt": source.given, "target": begun.given, **made},
            notes=(*source.notes, *begun.notes, *notes),
            encoder=encoder,
            cross_calls=crossings,
            weight_versions=versions,
        )
        return self._answered(trace) if "lens" in materials else trace

    def _run(
        self, conditioned: Decoder, ids: tuple[int, ...], materials: tuple[str, ...]
    ) -> tuple[dict[str, dict[int, Floats]], Calls, Calls]:
        """What one pass of the decoder gives: arrays, its attention, and that to the source."""
        names = tuple(name for name in materials if name not in ("lens", "attention"))
        if "attention" not in materials:
            return run(conditioned, self.anatomy, ids, names), {}, {}
        crossings: Calls = {}
        with recording_cross_calls(conditioned, self.anatomy, crossings.__setitem__):
            arrays, calls = run_with_calls(conditioned, self.anatomy, ids, names)
        own = with_all_written(self.model, self.anatomy, calls)
        return arrays, own, with_all_written(self.model, self.anatomy, crossings, cross=True)


def _source_of(trace: Trace) -> Trace:
    """The encoder's side of a trace. Raises InvalidError where it has none."""
    if trace.encoder is None:
        raise InvalidError("trace", trace, allowed="one with a source, of an encoder-decoder")
    return trace.encoder


def _key_of(source: Trace) -> tuple[int, ...]:
    """What tells a source from another: its ids, and more of a sound."""
    return (*source.token_ids, *source.sound_digest)
