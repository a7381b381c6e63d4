"""Models conditioned on a given part of their input: what is left to pass is one row of token ids.

A pair of texts has token types beside its ids; an encoder-decoder reads its source first and its
target after. Each is a module that passes what was given with every forward pass, and has the
parts, paths, hooks and modes of the model it stands for.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils.generic import ModelOutput

from .forward import pass_options

__all__ = ["Conditioned", "Decoder", "GivenSounds", "GivenTypes", "token_types"]

#: Of a model that names no bound (XLNet compares types, and looks none up).
_ANY = 2**31


class Conditioned(nn.Module, ABC):
    """A model that is asked under given inputs.

    It shares the model's modules, so that a path or a hook means the same in both, and answers
    every other question as the model does.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._modules = model._modules
        self._parameters = model._parameters
        self._buffers = model._buffers
        self.__dict__["inner"] = model  # no submodule: its parts would be met twice
        self.__dict__.pop("training")

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["inner"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "training" and "inner" in self.__dict__:
            self.__dict__["inner"].training = value
        else:
            super().__setattr__(name, value)

    def forward(self, input_ids: Tensor, logits_to_keep: int = 0) -> Any:
        """The model's output for (B, S) token ids under what was given."""
        inner = self.__dict__["inner"]
        return inner(**self.given(input_ids), **pass_options(inner, logits_to_keep))

    @abstractmethod
    def given(self, input_ids: Tensor) -> dict[str, Any]:
        """The arguments of the model for these ids."""


class GivenTypes(Conditioned):
    """An encoder reading a pair of texts: each token with its type.

    >>> GivenTypes(model, [0, 0, 1])(input_ids=ids).logits.shape  # doctest: +SKIP
    torch.Size([1, 3, 200])

    types  (T,) token types; S ids, the first of the text, are passed with the first S of them
    """

    def __init__(self, model: nn.Module, types: Sequence[int]) -> None:
        super().__init__(model)
        self.__dict__["types"] = tuple(types)

    def given(self, input_ids: Tensor) -> dict[str, Any]:
        types = torch.tensor(self.types[: input_ids.shape[1]], device=input_ids.device)
        return {"input_ids": input_ids, "token_type_ids": types.expand(len(input_ids), -1)}


def token_types(model: PreTrainedModel) -> int:
    """How many token types a model tells apart; 0 where it takes none.

    >>> token_types(bert), token_types(llama)  # doctest: +SKIP
    (2, 0)
    """
    if "token_type_ids" not in inspect.signature(model.forward).parameters:
        return 0
    size = getattr(model.config.get_text_config(), "type_vocab_size", None)
    return size if isinstance(size, int) else _ANY


class Decoder(Conditioned):
    """An encoder-decoder whose source was read: it takes the ids of its decoder.

    >>> Decoder(model, encoded)(input_ids=ids).logits.shape  # doctest: +SKIP
    torch.Size([1, 3, 200])

    encoded  (1, S, width) the encoder's last states, for as many texts as are asked at once
    source   (1, S) the ids it read: some decoders ask whether there are any
    kind     the class of the encoder's output, for some models read more of it than the states
    """

    def __init__(
        self,
        model: nn.Module,
        encoded: Tensor,
        source: Tensor | None = None,
        kind: type[ModelOutput] = BaseModelOutput,
    ) -> None:
        super().__init__(model)
        self.__dict__["encoded"] = encoded
        self.__dict__["source"] = source
        self.__dict__["kind"] = kind

    def under(self, encoded: Tensor, source: Tensor) -> Decoder:
        """The same model when it has read another source."""
        read = None if self.source is None else source  # frames of a sound have no ids
        return Decoder(self.__dict__["inner"], encoded, read, self.kind)

    @property
    def source_length(self) -> int:
        """S, how many positions the source has."""
        return int(self.encoded.shape[1])

    def given(self, input_ids: Tensor) -> dict[str, Any]:
        states = self.encoded.expand(len(input_ids), -1, -1)
        outputs = self.kind(last_hidden_state=states)
        given = {"decoder_input_ids": input_ids, "encoder_outputs": outputs}
        if self.source is not None:
            given["input_ids"] = self.source.expand(len(input_ids), -1)
        return given


class GivenSounds(Conditioned):
    """An encoder that hears sounds: to the rest of the code a frame is a token, with an id.

    >>> GivenSounds(encoder, "input_features", [features])(input_ids=ids)[0].shape  # doctest: +SKIP
    torch.Size([1, 1500, 384])

    name    what it calls a sound's features
    sounds  (1, ...) features each; a row of ids -1 is the first of them, of ids -2 the second
    """

    def __init__(self, model: nn.Module, name: str, sounds: Sequence[Tensor]) -> None:
        super().__init__(model)
        self.__dict__["name"] = name
        self.__dict__["sounds"] = tuple(sounds)

    def forward(self, input_ids: Tensor, logits_to_keep: int = 0) -> Any:  # noqa: ARG002
        """The encoder's output for the sounds that (B, S) ids stand for."""
        inner: Any = self.__dict__["inner"]
        return inner(**self.given(input_ids))

    def given(self, input_ids: Tensor) -> dict[str, Any]:
        rows = [self.sounds[-1 - int(token_id)] for token_id in input_ids[:, 0]]
        features = torch.cat(rows) if len(rows) > 1 else rows[0]
        return {self.name: features.to(input_ids.device, self.dtype)}
