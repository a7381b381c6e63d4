"""What a trace file says of a trace in JSON: tokens, model, options, notes, pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, cast

from ..core.errors import InvalidError
from ..core.tokens import Piece, TokenRow
from .card import ModelCard
from .trace import Trace

__all__ = ["header", "mentioned_ids", "read_card", "read_pieces", "read_tokens"]


def header(trace: Trace) -> dict[str, Any]:
    """The JSON values of a trace: everything but its arrays.

    tokens, card    their fields by name
    options, notes  as they are
    pieces          [id, text, label] of every vocabulary entry that the trace mentions
    """
    ids = mentioned_ids(trace)
    pieces = trace.source.pieces(ids)
    return {
        "tokens": asdict(trace.tokens),
        "card": trace.card.to_json(),
        "options": _json_values(trace.options),
        "notes": list(trace.notes),
        "pieces": [
            [token_id, piece.text, piece.label]
            for token_id, piece in zip(ids, pieces, strict=True)
        ],
    }  # fmt: skip


def mentioned_ids(trace: Trace) -> tuple[int, ...]:
    """The ids of the vocabulary entries in the tokens and the stored answers, ascending."""
    ids = set(trace.token_ids)
    if trace.answers is not None:
        ids.update(trace.answers.token_id.ravel().tolist())
        ids.update(trace.answers.target_id.ravel().tolist())
    return tuple(sorted(ids - {-1}))


def read_tokens(values: Mapping[str, Any]) -> TokenRow:
    """The row of tokens back; KeyError, TypeError or ValueError where it is none."""
    row = TokenRow(
        ids=_all(values["ids"], int), labels=_all(values["labels"], str),
        starts=_all(values["starts"], int), ends=_all(values["ends"], int),
        text=_one(values["text"], str), n_prompt=_one(values["n_prompt"], int),
        special=_all(values["special"], bool), roles=_all(values["roles"], str),
        types=_all(values.get("types", ()), int), segments=_all(values.get("segments", ()), int),
        times=_all(values.get("times", ()), float),
    )  # fmt: skip
    if not len(row):
        raise ValueError("it has no tokens")
    return row


def read_card(values: Mapping[str, Any]) -> ModelCard:
    """The model's particulars back; KeyError, TypeError or ValueError where they are none."""
    card = ModelCard.from_json(values)
    for name in ("name", "revision", "model_type", "architecture", "dtype", "device"):
        _one(getattr(card, name), str)
    for name in ("n_layers", "width", "vocab_size", "n_parameters"):
        if _one(getattr(card, name), int) < 0:
            raise ValueError(f"its model has a negative {name}")
    return card


def read_pieces(values: Iterable[Any]) -> dict[int, Piece]:
    """The vocabulary entries by id."""
    return {
        _one(token_id, int): Piece(_one(text, str), _one(label, str))
        for token_id, text, label in values
    }  # fmt: skip


def _json_values(options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(json.dumps(dict(options))))
    except (TypeError, ValueError):
        raise InvalidError(
            "options of the trace", dict(options), allowed="values that JSON can hold"
        ) from None


def _all(values: Any, kind: type[Any]) -> tuple[Any, ...]:
    return tuple(_one(value, kind) for value in values)


def _one(value: Any, kind: type[Any]) -> Any:
    # An exact type: True would pass for the number 1.
    if type(value) is not kind:
        raise TypeError(f"it has {value!r} where {kind.__name__} is expected")
    return value
