"""The encoder of a model that hears: its frames stand where tokens do, and it reads no text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.errors import CutawayError, InvalidError, MissingError
from ..core.progress import working
from ..core.tokens import TokenRow
from ..trace.source import Floats
from ..trace.trace import Trace
from .arguments import Naming, Tracing
from .attribution_seq2seq import SoundEncoding
from .conditioned import Decoder, GivenSounds
from .discover import discover
from .encoder import Encoder, anatomy_without_blocks, output_class, states_of
from .failures import explained_running
from .feature_extraction import FeatureExtraction, Sound
from .forward import device_of, inference_mode
from .frame_count import FrameCount, measure_frames
from .layout import Layout
from .prompt import Prompt
from .record import run
from .structure import Anatomy
from .token_embedding import input_stage_layout
from .vocabulary import Vocabulary

__all__ = ["SoundEncoder", "SoundPrompt"]

#: Seconds of the noises on which it is looked at and proven.
_PROBES = (1.0, 0.8)
_UNSUPPORTED = "; this architecture is not supported"


@dataclass(frozen=True, kw_only=True)
class SoundPrompt(Prompt):
    """A sound as what is read: ids -1, one for each frame."""

    sound: Sound


class SoundEncoder(Encoder):
    """The sound's side of an encoder-decoder; see `SoundLM.encoder`.

    extraction  the feature extractor, and what is measured of it
    step        seconds from one frame to the next
    front       the axes of what its input stage gives, None where it is not found
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        extraction: FeatureExtraction,
        **named: Unpack[Naming],
    ) -> None:
        self.extraction = extraction
        self.input_layout: Layout | None = None
        super().__init__(model, tokenizer, **named)
        self.card = replace(self.card, vocab_size=0, context=None)

    def trace(
        self,
        x: Any,
        text_b: str | None = None,
        *,
        sampling_rate: int | None = None,
        **how: Unpack[Tracing],
    ) -> Any:
        """Hear a sound in one forward pass and record it; see `SoundLM.trace`."""
        sound: Any = self.extraction.read(x, sampling_rate)
        return super().trace(sound, text_b, **how)

    def _trace(
        self,
        x: Any,
        text_b: str | None,
        target: Any,
        materials: tuple[str, ...],
        **how: bool,  # noqa: ARG002
    ) -> Trace:
        if text_b is not None or target is not None:
            raise InvalidError("target", target or text_b, allowed="None: it reads one sound")
        return self.trace_source(self.read_source(x), materials)

    def embed(self, texts: Sequence[str], **how: Any) -> Any:  # noqa: ARG002
        """Refused: it reads no text."""
        raise MissingError("a vector of a text", because="this model's encoder hears sounds")

    @property
    def input_name(self) -> str:
        """What the model calls a sound's features."""
        return self.extraction.name

    def read_source(self, x: Any, **how: bool) -> SoundPrompt:  # noqa: ARG002
        """A `Sound` as it is read. Raises InvalidError where it is too short for a frame."""
        assert isinstance(x, Sound)
        n = self._frame_count.at(x.features.shape[self.extraction.axis])
        if not n:
            raise InvalidError("sound", x.given, allowed="one long enough for a frame")
        return SoundPrompt(ids=(-1,) * n, roles=("",) * n, given=x.given, notes=x.notes, sound=x)

    def trial_source(self, ids: Sequence[int]) -> SoundPrompt:  # noqa: ARG002
        """A second of noise."""
        return self.read_source(self.extraction.read(self.extraction.noise(1)))

    def as_input(self, source: Prompt) -> Tensor:
        """A sound's features as the model takes them."""
        assert isinstance(source, SoundPrompt)
        model = self.model
        return torch.tensor(source.sound.features, device=device_of(model), dtype=model.dtype)

    def trace_source(self, source: Prompt, materials: tuple[str, ...]) -> Trace:
        """The trace of a sound."""
        assert isinstance(source, SoundPrompt)
        features = source.sound.features
        names = tuple(name for name in materials if name not in ("attention", "lens"))
        model = self.given(features)
        with self._lock, explained_running():
            versions = self._versions.present()
            if "attention" in materials:
                arrays, calls = self._recorder.record_with_calls(model, source.ids, names)
            else:
                with working("hearing"):
                    arrays, calls = run(model, self.anatomy, source.ids, names), {}
        return Trace(
            tokens=self._frames(len(source.ids), source.sound.seconds),
            card=self.card,
            materials=arrays,
            calls=calls,
            source=self,
            options={"prompt": source.given},
            notes=source.notes,
            sound_features=features[0],
            weight_versions=versions,
        )

    def conditioned(self, trace: Trace) -> nn.Module:
        """The encoder hearing the trace's sound."""
        if trace.sound_features is None:
            raise InvalidError("trace", trace, allowed="one of a sound")
        return self.given(trace.sound_features[None])

    def given(self, *sounds: Floats) -> GivenSounds:
        """The encoder under sounds, (1, ...) features each."""
        # Copies: an opened trace's array can't be written, of which torch warns.
        given = [torch.tensor(sound) for sound in sounds]
        return GivenSounds(self.model, self.extraction.name, given)

    @property
    def unseen_frames(self) -> str:
        """Why the frames have no saliency; "" where they have."""
        if self.input_layout is not None:
            return ""
        why = self.card.capabilities["saliency"].why.removesuffix(_UNSUPPORTED)
        return f"of a sound's frames: {why}"

    def encoding(self, trace: Trace) -> SoundEncoding:
        """It and the sound, to be differentiated. Raises MissingError: see `unseen_frames`."""
        if self.input_layout is None:
            raise MissingError("the frames' part", because=self.unseen_frames)
        heard, vocab = self.conditioned(trace), self.anatomy.vocab
        return SoundEncoding(heard, self.anatomy, trace.token_ids, vocab, layout=self.input_layout)

    def _reading(self, source: Prompt) -> GivenSounds:
        assert isinstance(source, SoundPrompt)
        return self.given(source.sound.features)

    def _under(self, model: nn.Module, output: Any, ids: Sequence[int]) -> Decoder:
        states = states_of(output)
        if states.shape[1] != len(ids):
            raise MissingError(
                "the time of a frame", because=f"{states.shape[1]} frames came of this sound, and "
                f"by its length there are {len(ids)}",
            )  # fmt: skip
        return Decoder(model, states, None, output_class(output))

    def _discover(self, model: PreTrainedModel, vocabulary: Vocabulary) -> Anatomy:  # noqa: ARG002
        """Where its parts are, found and proven on two noises."""
        self.model = model  # asked for before it is found
        try:
            return self._proven_on_noise(model)
        except CutawayError:
            raise
        except Exception as failure:  # whatever a model raises that wants other sounds
            words = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
            raise MissingError(
                "the parts of this model", because=f"its encoder fails on a short sound ({words})"
            ) from failure

    def _proven_on_noise(self, model: PreTrainedModel) -> Anatomy:
        extraction = self.extraction
        sounds = [extraction.read(extraction.noise(seconds)).features for seconds in _PROBES]
        self._frame_count, states = self._measured(model, sounds[0])
        self.step = extraction.hop * self._frame_count.step / extraction.rate
        heard = self.given(*sounds)
        counts = [self._frame_count.at(one.shape[extraction.axis]) for one in sounds]
        texts = [(-1 - i,) * count for i, count in enumerate(counts)]
        try:
            found = discover(heard, (), texts=(texts[0], texts[1]))
        except MissingError as refused:
            return anatomy_without_blocks("", states, str(refused))
        self.input_layout = input_stage_layout(heard, found.embedding, texts[0])
        return found

    def _measured(
        self, model: PreTrainedModel, features: NDArray[np.float32]
    ) -> tuple[FrameCount, Tensor]:
        """How many frames come of how many columns, and (S, width) the states of this sound.

        Raises MissingError where frames are not evenly apart.
        """
        axis, n = self.extraction.axis, features.shape[self.extraction.axis]

        def states(columns: int) -> Tensor:
            some = np.take(features, range(columns), axis=axis)
            with inference_mode(model):
                one = self.given(some)
                return states_of(one(input_ids=torch.full((1, 1), -1)))[0]

        whole = states(n)
        if self.extraction.fixed is None:
            return measure_frames(lambda columns: len(states(columns)), n), whole
        step, rest = divmod(n, len(whole))
        if rest:
            raise MissingError(
                "the time of a frame",
                because=f"{n} columns of features become {len(whole)} frames",
            )  # fmt: skip
        return FrameCount(0, step), whole

    def _frames(self, n: int, seconds: float | None) -> TokenRow:
        """The frames as a row: labelled by the second at which each begins.

        seconds  the length of the sound: frames after it are of silence that was put there
        """
        times = tuple(i * self.step for i in range(n))
        digits = next((d for d in range(6) if _is_whole(self.step * 10**d)), 6)
        return TokenRow(
            ids=(-1,) * n,
            labels=tuple(f"{time:.{digits}f} s" for time in times),
            starts=(0,) * n,
            ends=(0,) * n,
            text="",
            n_prompt=n,
            special=tuple(seconds is not None and time >= seconds for time in times),
            roles=("",) * n,
            times=times,
        )


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-6
