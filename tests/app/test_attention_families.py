"""`ct.attention` on models that are not all attention, or keep it from transformers' interface."""

from __future__ import annotations

import json

import numpy as np
import pytest

import cutaway as ct
from cutaway.core.errors import MissingError
from tests.models import shared_lm

TEXT = "The keys to the cabinet"


def test_a_hybrid_shows_its_attention_layers_and_says_which_have_none() -> None:
    view = ct.attention(shared_lm("jamba").trace(TEXT))
    assert view.data.layer.values.tolist() == [1, 3]
    np.testing.assert_allclose(view.data.weight.sum("key"), 1, atol=1e-5)
    assert "layers without attention: 0, 2" in json.loads(view.data.attrs["notes"])


def test_a_layer_without_attention_is_refused_by_name() -> None:
    trace = shared_lm("jamba").trace(TEXT)
    with pytest.raises(MissingError, match="layer 0: such a block has no attention") as refusal:
        ct.attention(trace, layers=[0, 1])
    assert "choose among 1, 3" in str(refusal.value)


def test_a_model_without_attention_says_so() -> None:
    trace = shared_lm("mamba").trace(TEXT)
    assert trace.card.heads == (0, 0, 0, 0)
    with pytest.raises(MissingError, match="no attention is seen"):
        ct.attention(trace)


def test_a_family_beside_the_interface_is_shown_like_any_other() -> None:
    view = ct.attention(shared_lm("falcon").trace(TEXT))
    assert view.data.weight.dims == ("layer", "head", "query", "key")
    np.testing.assert_allclose(view.data.weight.sum("key"), 1, atol=1e-5)
    assert not np.triu(view.data.weight.values, 1).any()
    assert view.data.group.values.tolist() == [0, 0, 0, 0]  # one key-value head
    one = view.data.weight.sel(layer=2, head=3).values
    np.testing.assert_allclose(one, view.data.weight.values[2, 3], atol=1e-6)
