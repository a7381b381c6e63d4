"""Models that classify: a text, each of its tokens, or where in it an answer begins and ends.

Their body is found and proven like that of an encoder without a head. What their head says of a
state is not computed anew: the model itself is run with the blocks above that state bypassed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_QUESTION_ANSWERING_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING,
)

from ..core.errors import MissingError
from ..core.progress import steps
from ..trace.card import Capability
from .conditioned import Conditioned
from .equality import close, tolerance
from .forward import as_input, forward, inference_mode
from .hooks import forward_hooks, replaced_output
from .proof import bypassed
from .record import recording
from .sites import last_of
from .structure import Anatomy

__all__ = [
    "ClassifierOutput", "ClassifierWithStates", "classify", "labels_of", "prove_classes",
    "scores_of", "task_named", "task_of",
]  # fmt: skip

#: What is classified -> transformers' list of the classes that do it.
TASKS: Mapping[str, Mapping[Any, Any]] = {
    "sequence": MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    "token": MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING,
    "span": MODEL_FOR_QUESTION_ANSWERING_MAPPING,
}
#: How transformers ends the names of such classes, for those that came with a model's own code.
ENDINGS = {
    "sequence": "ForSequenceClassification",
    "token": "ForTokenClassification",
    "span": "ForQuestionAnswering",
}


def task_of(model: nn.Module) -> str:
    """What a model classifies: "sequence", "token" or "span"; "" for one that does not.

    >>> task_of(model), type(model).__name__  # doctest: +SKIP
    ('sequence', 'BertForSequenceClassification')
    """
    config = getattr(model, "config", None)
    for task, mapping in TASKS.items():
        kind = mapping.get(type(config), None)
        if kind is not None and isinstance(model, kind):
            return task
    named = (task for task, end in ENDINGS.items() if type(model).__name__.endswith(end))
    return next(named, "")


def task_named(config: PretrainedConfig, own: Mapping[str, Any] = MappingProxyType({})) -> str:
    """What the model that a configuration was saved with classifies; "" for any other.

    own  what transformers is to load from the code that comes with the model
    """
    saved = (getattr(config, "architectures", None) or [""])[0]
    for task, mapping in TASKS.items():
        kind = mapping.get(type(config), None)
        if (kind is not None and kind.__name__ == saved) or (
            f"AutoModel{ENDINGS[task]}" in own and saved.endswith(ENDINGS[task])
        ):
            return task
    return ""


@dataclass(frozen=True)
class ClassifierOutput:
    """What a classifier gives: by index, like an output without logits, its body's last states.

    states  (B, T, width) the body's
    answer  its logits: (B, n) of a text, (B, T, n) of its tokens, (B, T, 2) of where an answer
            begins and ends
    """

    states: Tensor
    answer: Tensor

    def __getitem__(self, at: int) -> Tensor:
        return (self.states,)[at]


class ClassifierWithStates(Conditioned):
    """A classifier that hands out its body's last states beside its answer.

    >>> ClassifierWithStates(model)(input_ids=ids).answer.shape  # doctest: +SKIP
    torch.Size([1, 2])
    """

    def forward(self, input_ids: Tensor, logits_to_keep: int = 0) -> ClassifierOutput:  # noqa: ARG002
        """The states and the answer for (B, S) ids; of logits always all."""
        held: list[Any] = []

        def keep(_key: int, _args: Any, _kwargs: Any, output: Any) -> None:
            held.append(output)

        with forward_hooks({0: self.base_model}, keep):
            output = super().forward(input_ids)
        if not held or self.base_model is self.__dict__["inner"]:
            raise MissingError(
                "the body of this classifier",
                because=f"{type(self.__dict__['inner']).__name__} runs no base_model of its own",
            )
        if getattr(output, "encoder_last_hidden_state", None) is not None:
            raise MissingError(
                "classes", because="this classifier reads its text twice, in an encoder and a "
                "decoder, and its answer would be of the decoder's copy",
            )  # fmt: skip
        return ClassifierOutput(states=held[-1][0], answer=_answer(output))

    def given(self, input_ids: Tensor) -> dict[str, Any]:
        return {"input_ids": input_ids}


def _answer(output: Any) -> Tensor:
    """The logits of an output, those of start and end side by side."""
    start, end = getattr(output, "start_logits", None), getattr(output, "end_logits", None)
    if start is not None and end is not None:
        return torch.stack([start, end], dim=-1)
    found: Tensor | None = getattr(output, "logits", None)
    if found is None:
        raise MissingError("classes", because=f"{type(output).__name__} holds no logits")
    return found


def labels_of(config: PretrainedConfig, task: str, count: int) -> tuple[str, ...]:
    """The names of what a classifier chooses from, each once.

    >>> labels_of(config, "span", 2)  # doctest: +SKIP
    ('start', 'end')
    """
    if task == "span":
        return ("start", "end")
    named = getattr(config, "id2label", None) or {}
    names = [str(named.get(i, f"LABEL_{i}")) for i in range(count)]
    return tuple(f"{name} ({i})" if names.count(name) > 1 else name for i, name in enumerate(names))


def scores_of(config: PretrainedConfig, task: str, count: int) -> str:
    """How its logits become probabilities: "softmax", "sigmoid" of each alone, or "" not at all.

    As the configuration's problem_type says; without one several labels exclude each other, which
    is how transformers trains them. Of one label nothing is known: it may be a regression.
    """
    if task != "sequence":
        return "softmax"
    kind = getattr(config, "problem_type", None)
    if kind == "multi_label_classification":
        return "sigmoid"
    return "softmax" if count > 1 and kind != "regression" else ""


def classify(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], layers: Sequence[int]
) -> Tensor:
    """(R, ...) the answer of a classifier after each of R layers: the blocks above bypassed.

    layers  -1 for the state that enters block 0: every block is bypassed
    """
    answers = []
    with inference_mode(model):
        for layer in steps(layers, "asking the head"):
            above = [block for block in anatomy.stream.called if block > layer]
            with bypassed(model, anatomy, above):
                answers.append(forward(model, as_input(model, token_ids)).answer[0])
        return torch.stack(answers)


def prove_classes(model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]) -> Capability:
    """Whether the answer after a layer is one of that layer's state alone.

    Two ways to it must agree: the blocks above hand on what they take, or the state is put in the
    place of the last block's. A head that reads other states too fails.
    """
    stream, last = anatomy.stream, anatomy.stream.called[-1]
    states: dict[int, Tensor] = {}

    def take(_: str, layer: int, rows: Tensor) -> None:
        states[layer] = rows.clone()

    with inference_mode(model), recording(model, anatomy, ("states",), take):
        plain = forward(model, as_input(model, token_ids)).answer[0]
    layers = (last, last - 1, -1)
    block = last_of(model, anatomy.blocks[last])
    for layer, found in zip(layers, classify(model, anatomy, token_ids, layers), strict=True):

        def exchange(output: Any, rows: Tensor = states[layer]) -> Any:
            return stream.exit.write(output, stream.layout.put(stream.exit.read(output), rows))

        with inference_mode(model), replaced_output(block, exchange):
            placed = forward(model, as_input(model, token_ids)).answer[0]
        true = close(found, placed, tolerance(placed.dtype))
        if not true or (layer == last and not close(found, plain, tolerance(plain.dtype))):
            return Capability(False, "its head reads more than the state after the last block")
    return Capability(True, "bypassed blocks and a state put after the last one answer the same")
