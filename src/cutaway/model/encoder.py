"""The encoder of an encoder-decoder as a model of its own: no language head, and it looks ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils.generic import ModelOutput

from ..core.errors import MissingError
from ..trace.card import Capability
from ..trace.trace import Trace
from .arguments import Naming
from .attribution_seq2seq import Encoding
from .blocks import outer_modules
from .conditioned import Conditioned, Decoder
from .discover import discover
from .feature_extraction import FEATURES
from .forward import as_input, forward, inference_mode, logits_of
from .hooks import forward_hooks, module_calls
from .layout import Layout, Port
from .lm import LM
from .prompt import Prompt, read_prompt
from .structure import Anatomy, Stream
from .tail import IdentityTail
from .token_embedding import find_embedding
from .trial_text import trial_ids
from .vocabulary import Vocabulary

__all__ = ["Encoder", "anatomy_without_blocks", "encoder_of", "output_class", "states_of"]

_PROVEN = ("inside", "neurons", "saliency", "attention", "queries and keys", "logit lens")
#: Length of the trial's source: unlike those of its targets, and unlike the sizes that models have.
_SOURCE = 7


class Encoder(LM):
    """The source's side of an encoder-decoder: it reads sources, and makes the decoder under each.

    An encoder whose blocks can't be proven has none, and its capabilities say why: the decoder can
    be looked at all the same.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, **named: Unpack[Naming]
    ) -> None:
        super().__init__(model, tokenizer, **named)
        self.card = replace(self.card, objective="masked", mask_id=-1)

    @property
    def input_name(self) -> str:
        """What the model calls what is read."""
        return "input_ids"

    def read_source(self, x: Any, **how: bool) -> Prompt:
        """A source as it is read, `how` as `LM.trace` has it."""
        return read_prompt(x, self._vocabulary, self.limits, **how)

    def trial_source(self, ids: Sequence[int]) -> Prompt:
        """A source to prove the decoder under, of the trial's tokens."""
        some = tuple(ids[:_SOURCE])
        return Prompt(some, ("",) * len(some), list(some))

    def as_input(self, source: Prompt) -> Tensor:
        """A source as the model takes it."""
        return as_input(self.model, source.ids)

    def trace_source(self, source: Prompt, materials: tuple[str, ...]) -> Trace:
        """The trace of a source."""
        return self.traced([source], materials)[0]

    def decoder(self, model: nn.Module, source: Prompt) -> Decoder:
        """The whole model's decoder, once a source was read."""
        return self._decoder(model, self._reading(source), source.ids)

    def decoder_again(self, model: nn.Module, trace: Trace) -> Decoder:
        """The same, of a source that was traced before."""
        return self._decoder(model, self.conditioned(trace), trace.token_ids)

    def traced_decoder(
        self, model: nn.Module, source: Prompt, materials: tuple[str, ...]
    ) -> tuple[Trace, Decoder]:
        """The trace of a source, and the decoder under what that pass gave."""
        outputs: list[Any] = []

        def take(_key: int, _args: Any, _kwargs: Any, output: Any) -> None:
            outputs.append(output)

        with forward_hooks({0: self.model}, take):
            trace = self.trace_source(source, materials)
        return trace, self._under(model, outputs[-1], trace.token_ids)

    def encoding(self, trace: Trace) -> Encoding:
        """It and what it reads, to be differentiated and taken out of."""
        return Encoding(self.model, self.anatomy, trace.token_ids, self.limits.rows)

    def _reading(self, source: Prompt) -> nn.Module:
        """It under what a source gives it beside its ids."""
        return self._given_types(source.types)

    def _decoder(self, model: nn.Module, given: nn.Module, ids: Sequence[int]) -> Decoder:
        with inference_mode(given):
            output = forward(given, as_input(given, ids))
        return self._under(model, output, ids)

    def _under(self, model: nn.Module, output: Any, ids: Sequence[int]) -> Decoder:
        """The decoder under what this gave for a source of these ids."""
        return Decoder(model, states_of(output), as_input(self.model, ids), output_class(output))

    def _discover(self, model: PreTrainedModel, vocabulary: Vocabulary) -> Anatomy:
        ids = trial_ids(vocabulary, model.config)
        try:
            return discover(model, ids)
        except MissingError as refused:
            return _embedding_alone(model, ids, str(refused))


class _Alone(Conditioned):
    """An encoder that is no transformers model: what it has not is answered by the whole."""

    def __init__(self, encoder: nn.Module, whole: nn.Module) -> None:
        super().__init__(encoder)
        self.__dict__["whole"] = whole

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["whole"], name)

    def given(self, input_ids: Tensor) -> dict[str, Any]:
        return {"input_ids": input_ids}


def encoder_of(model: PreTrainedModel, *, reads_sound: bool = False) -> PreTrainedModel:
    """The encoder, where it reads token ids; with `reads_sound`, where it reads a sound's features.

    Raises MissingError where the model names none, or one of pictures.
    """
    encoder: Any = model.get_encoder()
    if encoder is model:
        encoder = next(
            (part for path, part in model.named_modules() if path.split(".")[-1] == "encoder"), None
        )
    if encoder is None:
        raise MissingError("the encoder", because=f"{type(model).__name__} names none")
    reads = getattr(encoder, "main_input_name", "input_ids")
    if reads not in (FEATURES if reads_sound else ("input_ids",)):
        raise MissingError(
            "an encoder of text", because=f"{type(encoder).__name__} reads {reads}, no token ids"
        )
    found: PreTrainedModel = (
        encoder if isinstance(encoder, PreTrainedModel) else cast("Any", _Alone(encoder, model))
    )
    return found


def states_of(output: Any) -> Tensor:
    """(B, S, width) the last states of an encoder's output, such as gradients can go through."""
    found: Tensor = output[0]
    with torch.inference_mode(False):
        return found.clone()


def output_class(output: Any) -> type[ModelOutput]:
    """The class of an encoder's output."""
    return type(output) if isinstance(output, ModelOutput) else BaseModelOutput


def _embedding_alone(model: nn.Module, ids: Sequence[int], why: str) -> Anatomy:
    """An anatomy of the token embedding alone."""
    with inference_mode(model):
        with module_calls(outer_modules(model), arguments=True) as seen:
            output = forward(model, as_input(model, ids))
        states = logits_of(output)[0]
        embedding = find_embedding(model, seen, ids, states)
    return anatomy_without_blocks(embedding, states, why)


def anatomy_without_blocks(embedding: str, states: Tensor, why: str) -> Anatomy:
    """An anatomy without blocks, of an encoder that gives (S, width) states."""
    layout = Layout(0, 1, (states.shape[-1],))
    return Anatomy(
        embedding=embedding,
        blocks=(),
        tail=IdentityTail(),
        stream=Stream(Port(0), Port(None), layout, states.dtype, ()),
        width=states.shape[-1],
        vocab=states.shape[-1],
        gated=False,
        capabilities=dict.fromkeys(_PROVEN, Capability(False, why.removeprefix("missing "))),
    )
