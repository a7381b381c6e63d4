"""One recorded run of a model: what every lens is asked of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ..core.axes import INPUT_LAYER, layer_name
from ..core.errors import MissingError
from ..core.terminal import harmless
from ..core.tokens import TokenRow
from .attention import AttentionCall
from .card import ModelCard
from .keep import MATERIALS
from .source import Floats, Material, Rows, Source

__all__ = ["Trace"]


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One run of a model over one row of tokens, recorded once; every lens reads it.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> trace.token_ids  # doctest: +SKIP
    (504, 3575, 282, 4649, 314)

    tokens           the row of tokens, prompt and output marked
    card             the model that made it
    materials        name -> layer -> (T, n) array: what was kept (states, inside, neurons)
    answers          the logit lens' stored answers (keep="lens"), else None
    class_logits     of a classifier, (L + 1, n) or (L + 1, T, n) the labels' logits after each
                     layer (keep="lens"), else None
    calls            layer -> its attention's queries, keys and values (keep="attention")
    cross_calls      layer -> a decoder's queries to the source, its keys and values, likewise
    options          how it was made: the prompt, the options of generate, the seed, as JSON values
    notes            what a reader should know, in words
    source           who answers questions about what was not kept
    encoder          of an encoder-decoder: the source as the encoder read it; this trace is the
                     decoder's
    sound_features   of an encoder that reads sounds: what it was given, else None
    weight_versions  of a live trace: which weights made it, all, and those after the last block
                     (model.model_versions); None where not known
    """

    tokens: TokenRow
    card: ModelCard
    materials: Mapping[str, Material]
    source: Source = field(repr=False)
    answers: Rows | None = None
    class_logits: Floats | None = None
    calls: Mapping[int, AttentionCall] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    encoder: Trace | None = None
    cross_calls: Mapping[int, AttentionCall] = field(default_factory=dict)
    sound_features: Floats | None = None
    weight_versions: tuple[int, int] | None = None

    @property
    def token_ids(self) -> tuple[int, ...]:
        """(T,) the ids fed to the model, or to its decoder: prompt plus output."""
        return self.tokens.ids

    @property
    def source_ids(self) -> tuple[int, ...]:
        """(S,) the ids that the encoder of an encoder-decoder read; () for other models."""
        return () if self.encoder is None else self.encoder.token_ids

    @property
    def is_sound(self) -> bool:
        """Whether its positions are the frames of a sound, and no tokens."""
        return bool(self.tokens.times)

    @cached_property
    def sound_digest(self) -> tuple[int, ...]:
        """What tells one sound, here or in the encoder, from another; () where there is none."""
        if self.sound_features is None:
            return () if self.encoder is None else self.encoder.sound_digest
        return tuple(sha256(np.ascontiguousarray(self.sound_features).data).digest())

    @property
    def text(self) -> str:
        """The text the tokens decode to."""
        return self.tokens.text

    @property
    def n_positions(self) -> int:
        """T, the number of tokens."""
        return len(self.tokens)

    @property
    def n_prompt(self) -> int:
        """How many of the tokens were given."""
        return self.tokens.n_prompt

    @property
    def n_layers(self) -> int:
        """L, the number of blocks."""
        return self.card.n_layers

    @property
    def kept(self) -> tuple[str, ...]:
        """The names of what was recorded."""
        answered = self.answers is not None or self.class_logits is not None
        names = set(self.materials) | ({"lens"} if answered else set())
        names |= {"attention"} if self.calls else set()
        return tuple(name for name in MATERIALS if name in names)

    @property
    def nbytes(self) -> int:
        """Bytes held by the recorded arrays, the encoder's too."""
        arrays = [array for layers in self.materials.values() for array in layers.values()]
        calls = [*self.calls.values(), *self.cross_calls.values()]
        arrays += [array for call in calls for array in call.arrays().values()]
        arrays += [array for array in (self.sound_features, self.class_logits) if array is not None]
        # Blocks share angles and masks: an array counts once, wherever it is held.
        own = sum({array.ctypes.data: array.nbytes for array in arrays}.values())
        return own if self.encoder is None else own + self.encoder.nbytes

    def material(self, name: str, layers: Sequence[int]) -> Material:
        """Layer -> (T, n) array of a material: as kept, or else asked of the source."""
        kept = self.materials.get(name, {})
        absent = [layer for layer in layers if layer not in kept]
        if not absent:
            return {layer: kept[layer] for layer in layers}
        return self.source.replay(self, name, layers)

    def class_logits_after(self, layers: Sequence[int]) -> Floats:
        """(R, n) or (R, T, n) a classifier's logits after R layers: as kept, or else asked."""
        if self.class_logits is None:
            return self.source.classify(self, layers)
        return self.class_logits[[layer - INPUT_LAYER for layer in layers]]

    def attention_call(self, layer: int) -> AttentionCall:
        """The queries, keys and values of a block: as kept, or else asked of the source."""
        kept = self.calls.get(layer)
        return self.source.attention_call(self, layer) if kept is None else kept

    def cross_call(self, layer: int) -> AttentionCall:
        """A decoder block's queries to the source, its keys and values: as kept, or else asked."""
        kept = self.cross_calls.get(layer)
        return self.source.cross_call(self, layer) if kept is None else kept

    def state(self, layer: int) -> Floats:
        """(T, width) the residual state after a block, -1 for the one that enters block 0.

        >>> trace.state(29).shape  # doctest: +SKIP
        (5, 576)

        Raises MissingError where this trace has none.
        """
        try:
            return self.materials["states"][layer]
        except KeyError:
            raise MissingError(
                f"the state of layer {layer_name(layer)}",
                because=f"this trace kept {', '.join(self.kept) or 'nothing'}",
                fix="trace again with keep='states'",
            ) from None

    def save(self, path: str | Path) -> Path:
        """Write the trace as one file that runs no code when opened; returns its path.

        >>> trace.save("paris.trace")  # doctest: +SKIP
        PosixPath('paris.trace')

        Raises FileError where the path can't be written; nothing half-written is left.
        """
        from .write import write

        return write(self, Path(path))

    def log(self, run: Any, name: str | None = None, *, step: int | None = None) -> tuple[str, ...]:
        """Log its file, tokens and provenance to a run of an experiment tracker.

        >>> trace.log(mlflow)[0]  # doctest: +SKIP
        'cutaway/trace.json'

        run   of MLflow, Comet, Weights & Biases or TensorBoard, as view.log takes it
        name  what it is called in the run, by default "trace"
        step  of a training

        Returns the names under which it is found there.
        """
        from .logger import log

        return log(self, run, name, step)

    def attach(self, source: Source) -> Trace:
        """The same trace with a model behind it, so that it answers what was not kept."""
        if self.encoder is None:
            return replace(self, source=source, weight_versions=None)
        encoder = self.encoder.attach(source.encoder_source())
        return replace(self, source=source, encoder=encoder, weight_versions=None)

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 48 else self.text[:47] + "…"
        produced = self.n_positions - self.n_prompt
        return (
            f"Trace({text!r}, {self._read_words()}"
            + (f", {produced} produced" if produced else "")
            + f", {self.n_layers} layers, {harmless(self.card.name)}, kept: {', '.join(self.kept)})"
        )

    def _read_words(self) -> str:
        if self.encoder is None:
            return f"{self.n_prompt} tokens read"
        if self.encoder.is_sound:
            return f"from {self.encoder.n_positions} frames of a sound, {self.n_prompt} tokens read"
        source = self.encoder.text
        shown = source if len(source) <= 48 else source[:47] + "…"
        return f"from {shown!r}, {self.encoder.n_positions} + {self.n_prompt} tokens read"
