"""What a saliency explains in a classifier: a text's or a token's label, an answer's place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..core.axes import as_list, read_position, read_slice, read_whole
from ..core.errors import InvalidError, UnknownError
from ..trace.trace import Trace
from .classes import best_spans

__all__ = ["Explained", "explained_classes", "read_class_quantity"]

#: What is explained where an answer begins and ends, in words.
_PLACES = {"start": "start of the answer", "end": "end of the answer"}


@dataclass(frozen=True)
class Explained:
    """The targets of a saliency, as trace.source.Attribution has them.

    targets   T for a label of the text, else positions
    choices   what is explained of each target's row: a label, 0 for yes, a position
    contrast  what is subtracted, or None
    rows      the row that each is chosen in
    names     what is explained, in words
    """

    targets: tuple[int, ...]
    choices: tuple[int, ...]
    contrast: tuple[int, ...] | None
    rows: tuple[int, ...]
    names: tuple[str, ...]


def explained_classes(
    trace: Trace,
    label: str | int | None,
    targets: int | slice | Iterable[int] | None,
    contrast: str | int | None,
) -> Explained:
    """The label, or the place of the answer, that is explained; by default what the model says.

    label     a label by name or number; "start" or "end" of an answer
    targets   positions, of models that judge tokens or find answers; None: all tokens, or where
              the best answer begins or ends
    contrast  another label, another position
    raises    UnknownError for a label the model has not; InvalidError for a contrast that is none
    """
    read = {"sequence": _of_text, "token": _of_tokens, "span": _of_answer}[trace.card.task]
    return read(trace, label, targets, contrast)


def read_class_quantity(trace: Trace, quantity: str | None, default: str) -> str:
    """The quantity explained: the logit alone where the model gives no probabilities."""
    if trace.card.scores or quantity == "logit":
        return default if quantity is None else quantity
    if quantity is None:
        return "logit"
    raise InvalidError(
        "quantity", quantity, allowed="'logit', for this model gives scores and no probabilities"
    )


def _of_text(
    trace: Trace,
    label: str | int | None,
    targets: int | slice | Iterable[int] | None,
    contrast: str | int | None,
) -> Explained:
    T = trace.n_positions
    if targets is not None:
        raise InvalidError(
            "targets", targets, allowed="None in a model that classifies the text",
            fix="choose what is explained with label=",
        )  # fmt: skip
    answer = trace.class_logits_after((trace.n_layers - 1,))[0]
    chosen = int(answer.argmax()) if label is None else _label(trace, label, "label")
    names = (trace.card.labels[chosen],)
    if trace.card.scores == "sigmoid":  # each label is a row of its own: yes or no
        if contrast is not None:
            raise InvalidError(
                "contrast", contrast, allowed="None where each label is judged by itself"
            )
        return Explained((T,), (0,), None, (chosen,), names)
    return Explained((T,), (chosen,), _contrast(trace, contrast, (chosen,)), (0,), names)


def _of_tokens(
    trace: Trace,
    label: str | int | None,
    targets: int | slice | Iterable[int] | None,
    contrast: str | int | None,
) -> Explained:
    positions = _positions(trace, targets) or tuple(range(trace.n_positions))
    answer = trace.class_logits_after((trace.n_layers - 1,))[0]
    said = tuple(int(answer[at].argmax()) for at in positions)
    chosen = said if label is None else (_label(trace, label, "label"),) * len(positions)
    names = tuple(trace.card.labels[i] for i in chosen)
    return Explained(positions, chosen, _contrast(trace, contrast, chosen), positions, names)


def _of_answer(
    trace: Trace,
    label: str | int | None,
    targets: int | slice | Iterable[int] | None,
    contrast: str | int | None,
) -> Explained:
    row = 0 if label is None else _label(trace, label, "label")
    positions = _positions(trace, targets) or (int(best_spans(trace, 1)[0][0, row]),)
    if positions == (-1,):
        raise InvalidError(
            "targets", targets, allowed="positions", fix="the model finds no answer in this text"
        )
    other = None
    if contrast is not None:
        if isinstance(contrast, str):
            raise InvalidError("contrast", contrast, allowed="a position")
        other = (read_position(contrast, trace.n_positions, "contrast"),) * len(positions)
        _differ(contrast, positions, other)
    names = (_PLACES[trace.card.labels[row]],) * len(positions)
    return Explained(positions, positions, other, (row,) * len(positions), names)


def _positions(trace: Trace, targets: int | slice | Iterable[int] | None) -> tuple[int, ...] | None:
    """Ascending positions 0..T-1, each once; None where none are given."""
    T = trace.n_positions
    if targets is None:
        return None
    if isinstance(targets, slice):
        chosen: list[Any] = list(read_slice("targets", targets, T))
    else:
        chosen = as_list(targets)
    if not chosen:
        raise InvalidError("targets", targets, allowed=f"one or more of 0 to {T - 1}")
    return tuple(sorted({read_whole("target", target, 0, T - 1) for target in chosen}))


def _label(trace: Trace, label: str | int, what: str) -> int:
    """The number of a label given by its name or number."""
    labels = trace.card.labels
    if not isinstance(label, str):
        return read_whole(what, label, 0, len(labels) - 1)
    if label not in labels:
        raise UnknownError(what, label, allowed=labels)
    return labels.index(label)


def _contrast(
    trace: Trace, contrast: str | int | None, chosen: tuple[int, ...]
) -> tuple[int, ...] | None:
    if contrast is None:
        return None
    other = (_label(trace, contrast, "contrast"),) * len(chosen)
    _differ(contrast, chosen, other)
    return other


def _differ(contrast: str | int, chosen: tuple[int, ...], other: tuple[int, ...]) -> None:
    if any(map(int.__eq__, chosen, other)):
        raise InvalidError("contrast", contrast, allowed="another than the one explained")
