"""Weights that are held for a picture are asked for once, and the picture is the same without."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.app.attention import attention as look
from cutaway.app.heads_view import HeadsView
from cutaway.core.room import DEFAULT
from cutaway.lens.attention import attention
from cutaway.lens.in_memory import in_memory
from cutaway.view.spec import Spec

from .test_heads import attention_trace, causal

OPTIONS = ({}, {"aggregate": "max"}, {"aggregate": "mean", "opens": "heads"})


def drawn(view: HeadsView) -> tuple[Spec, list[object]]:
    """The picture, and what the model was asked for."""
    spec = view.spec
    return spec, view._trace.source.asked  # type: ignore[attr-defined]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_picture_asks_for_every_layer_once_and_is_the_same_without(
    options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = causal()
    once, asked = drawn(look(attention_trace(weights), **options))  # type: ignore[arg-type]
    assert sorted(layer for layer, _ in asked) == list(range(len(weights)))  # type: ignore[misc]
    monkeypatch.setattr("cutaway.lens.in_memory._PART", 10 * DEFAULT)
    again, often = drawn(look(attention_trace(weights), **options))  # type: ignore[arg-type]
    assert len(often) > len(asked)
    assert again.to_json() == once.to_json()
    assert again.data() == once.data()


def test_what_is_held_is_the_same_numbers_and_what_has_no_room_is_not_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = causal()
    trace = attention_trace(weights)
    data = attention(trace)
    whole = in_memory(data)["weight"]
    np.testing.assert_array_equal(whole.values, weights)
    assert whole.attrs == data["weight"].attrs
    trace.source.asked.clear()
    monkeypatch.setattr("cutaway.lens.in_memory._PART", 10 * DEFAULT)
    assert in_memory(data) is data
    assert not trace.source.asked
