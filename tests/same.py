"""Whether two traces are the same to the last bit: the law of the file format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.trace.attention import AttentionCall
from cutaway.trace.source import Rows
from cutaway.trace.trace import Trace

__all__ = ["same"]


def same(a: Trace, b: Trace) -> bool:
    """Whether two traces hold the same tokens, model, options, notes and numbers.

    Numbers are compared bit for bit, with their types; NaN is the same as NaN. Who answers
    questions about what was not kept is no part of it.

    >>> same(trace, read(trace.save("a.trace")))  # doctest: +SKIP
    True
    """
    return (
        a.tokens == b.tokens
        and a.card == b.card
        and json.dumps(dict(a.options)) == json.dumps(dict(b.options))
        and a.notes == b.notes
        and _same_materials(a.materials, b.materials)
        and _same_answers(a.answers, b.answers)
        and _same_optional(a.class_logits, b.class_logits)
        and a.calls.keys() == b.calls.keys()
        and all(_same_calls(a.calls[layer], b.calls[layer]) for layer in a.calls)
        and a.cross_calls.keys() == b.cross_calls.keys()
        and all(_same_calls(a.cross_calls[layer], b.cross_calls[layer]) for layer in a.cross_calls)
        and _same_optional(a.sound_features, b.sound_features)
        and _same_encoders(a.encoder, b.encoder)
    )


def _same_encoders(a: Trace | None, b: Trace | None) -> bool:
    return a is b if a is None or b is None else same(a, b)


def _same_materials(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return a.keys() == b.keys() and all(_same_arrays(a[name], b[name]) for name in a)


def _same_calls(a: AttentionCall, b: AttentionCall) -> bool:
    settings = ("scale", "causal", "window", "cap")
    layouts = [None if call.rotary is None else call.rotary.layout for call in (a, b)]
    return (
        all(getattr(a, name) == getattr(b, name) for name in settings)
        and layouts[0] == layouts[1]
        and _same_arrays(a.arrays(), b.arrays())
    )


def _same_answers(a: Rows | None, b: Rows | None) -> bool:
    if a is None or b is None:
        return a is b
    arrays = [field.name for field in fields(Rows) if field.name != "distances"]
    return _same_arrays(a.distances, b.distances) and all(
        _same_array(getattr(a, name), getattr(b, name)) for name in arrays
    )


def _same_optional(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    return a is b if a is None or b is None else _same_array(a, b)


def _same_arrays(a: Mapping[Any, NDArray[Any]], b: Mapping[Any, NDArray[Any]]) -> bool:
    return a.keys() == b.keys() and all(_same_array(a[key], b[key]) for key in a)


def _same_array(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
    )
