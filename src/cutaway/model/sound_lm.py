"""An encoder-decoder that hears: its decoder is looked at, and the sound's frames beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn, Unpack

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import MissingError
from ..trace.card import Capability
from ..trace.source import Ablation, Attributed, Attribution, Floats
from ..trace.trace import Trace
from .arguments import Generating, Naming, Tracing
from .conditioned import Decoder
from .encoder import encoder_of
from .feature_extraction import FeatureExtraction
from .materials import Keep
from .seq2seq import Seq2SeqLM
from .sound_encoder import SoundEncoder

__all__ = ["SoundLM"]

#: The methods of saliency that need no frame to be taken out.
_METHODS = ("input_x_gradient", "gradient_norm", "integrated_gradients")
_OUT = "there is no frame of nothing to put in the place of one that is taken out"


class SoundLM(Seq2SeqLM):
    """An encoder-decoder that hears, such as Whisper; made by `load` or `wrap`.

    >>> trace = lm.trace(samples, target=" Hello.", sampling_rate=16_000)  # doctest: +SKIP
    >>> trace.encoder.tokens.labels[:3]  # doctest: +SKIP
    ('0.00 s', '0.02 s', '0.04 s')

    encoder  the encoder as a model of its own, whose positions are the frames of a sound
    """

    encoder: SoundEncoder

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        feature_extractor: Any,
        **named: Unpack[Naming],
    ) -> None:
        self.feature_extractor = feature_extractor
        super().__init__(model, tokenizer, **named)
        if why := self.encoder.unseen_frames:
            known = {**self.card.capabilities, "saliency": Capability(False, why)}
            self.card = replace(self.card, capabilities=known)

    def trace(
        self,
        x: Any,
        text_b: str | None = None,
        *,
        sampling_rate: int | None = None,
        **how: Unpack[Tracing],
    ) -> Any:
        """Hear a sound, and read a target under it, in one forward pass and record both.

        x              a one-dimensional array of floats, its samples; or the features that the
                       model's extractor makes of them; or a list of either, heard one by one
        sampling_rate  samples a second, which must be the extractor's; None: they are

        The rest is as in `LM.trace`.
        """
        return super().trace(self._sounds(x, sampling_rate), text_b, **how)

    def generate(
        self, text: Any, *, sampling_rate: int | None = None, **how: Unpack[Generating]
    ) -> Trace:
        """Let the model say what it hears, then record both in one forward pass.

        text  a sound, as in `trace`

        The rest is as in `LM.generate`.
        """
        return super().generate(self._sounds(text, sampling_rate), **how)

    def cost(
        self, x: Any, keep: Keep = None, *, target: Any = None, sampling_rate: int | None = None
    ) -> dict[str, int]:
        """Bytes that a trace of a sound and a target will hold, by material, of both sides."""
        sound = self._sounds(x, sampling_rate)
        return super().cost(sound, keep, target=target) | {"sound": sound.features.nbytes}

    def ablate(self, trace: Trace, wanted: Ablation) -> Floats:  # noqa: ARG002
        """Refused: nothing can be taken out of a sound."""
        raise MissingError("the check", because=_OUT)

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets, over the sound's frames and the decoder's earlier tokens."""
        if wanted.method not in _METHODS:
            raise MissingError(wanted.method, because=_OUT, fix=f"method={_METHODS[0]!r}")
        if wanted.options.get("baseline", "zero") != "zero":
            raise MissingError(
                "this baseline", because="a sound's frames have no vocabulary to take it from",
                fix="baseline='zero'",
            )  # fmt: skip
        return super().attribute(trace, wanted)

    def beginning(self, x: object, target: object = None) -> NoReturn:  # noqa: ARG002
        """Refused: what is gone on with is a text."""
        raise MissingError(
            "what comes next", because="this model goes on under a sound",
            fix="ct.predictions(lm.trace(sound, target=text)) gives the likeliest tokens",
        )  # fmt: skip

    def _having_read(self, source: Sequence[int]) -> Decoder:  # noqa: ARG002
        self.beginning(None)

    def _opened_encoder(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> SoundEncoder:
        encoder = encoder_of(model, reads_sound=True)
        extraction = FeatureExtraction(self.feature_extractor, encoder.main_input_name)
        return SoundEncoder(encoder, tokenizer, extraction, **named)

    def _rebuilt(self, model: PreTrainedModel) -> SoundLM:
        card, extractor = self.card, self.feature_extractor
        named = {"name": card.name, "revision": card.revision}
        return type(self)(model, self.tokenizer, feature_extractor=extractor, **named)

    def _sounds(self, x: Any, sampling_rate: int | None) -> Any:
        """A sound, or several of a list of arrays."""
        read = self.encoder.extraction.read
        if isinstance(x, list | tuple) and not all(isinstance(one, int | float) for one in x):
            return [read(one, sampling_rate) for one in x]
        return read(x, sampling_rate)

    def _several(self, x: object) -> bool:
        return isinstance(x, list)
