"""One head of cross attention, number by number: queries of the target, keys of the source."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError
from cutaway.render.text import text
from tests.model.seq2seq import SOURCE, TARGET, opened, whole


def vectors(layer: int) -> dict[str, np.ndarray]:
    """(n, heads, d) what BART's own projections give in a block's attention to the source."""
    lm = opened("bart")
    attends = lm.model.get_decoder().layers[layer].encoder_attn
    found, hooks = {}, []
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):

        def take(_module: object, given: tuple, answer: torch.Tensor, name: str = name) -> None:
            found[name] = given[0] if name == "out_proj" else answer

        hooks.append(getattr(attends, name).register_forward_hook(take))
    whole(lm, lm.trace(SOURCE, target=TARGET))
    for hook in hooks:
        hook.remove()
    heads = attends.num_heads
    return {name: one[0].reshape(len(one[0]), heads, -1).numpy() for name, one in found.items()}


@pytest.mark.parametrize(("layer", "head", "at"), [(0, 0, 0), (1, 1, -2)])
def test_every_step_is_that_of_the_models_own_projections(layer: int, head: int, at: int) -> None:
    trace = opened("bart").trace(SOURCE, target=TARGET)
    data = ct.attention(trace, kind="cross").neuron(layer, head, at).data
    known = vectors(layer)
    query, keys, values = (known[f"{x}_proj"][:, head] for x in "qkv")
    product = query[at] * keys
    np.testing.assert_allclose(data["product"], product, atol=1e-5)
    np.testing.assert_allclose(data["dot"], product.sum(-1), atol=1e-5)
    score = product.sum(-1) * keys.shape[-1] ** -0.5
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    np.testing.assert_allclose(data["score"], score, atol=1e-5)
    np.testing.assert_allclose(data["weight"], weight, atol=1e-6)
    np.testing.assert_allclose(data["output"], weight @ values, atol=1e-5)
    np.testing.assert_allclose(data["output"], known["out_proj"][at, head], atol=1e-5)
    assert data["key_input"].values.tolist() == list(trace.encoder.tokens.labels)
    assert data["input"].values.tolist() == list(trace.tokens.labels)


def test_what_is_not_said_is_the_head_that_points_most() -> None:
    view = ct.attention(opened("bart").trace(SOURCE, target=TARGET), kind="cross")
    data = view.neuron().data
    peak = view.figures["peak"].values
    assert (int(data["layer"]), int(data["head"])) == np.unravel_index(peak.argmax(), peak.shape)
    of_one = view.neuron(layer=0).data
    assert int(of_one["head"]) == int(peak[0].argmax())
    with pytest.raises(InvalidError, match="head 9"):
        view.neuron(layer=0, head=9)


def test_the_picture_has_the_sources_tokens_as_keys() -> None:
    trace = opened("bart").trace(SOURCE, target=TARGET)
    spec = ct.attention(trace, kind="cross").neuron(0, 0).spec
    assert spec.header["source"]["inputs"] == list(trace.encoder.tokens.labels)
    assert spec.header["inputs"] == list(trace.tokens.labels)
    assert "on the source" in spec.header["heading"]
    assert spec.arrays["key"].shape[0] == len(trace.source_ids)
    assert spec.arrays["query"].shape[0] == trace.n_positions
    assert trace.encoder.tokens.labels[int(spec.arrays["weight"].argmax())] in text(spec)


def test_the_encoders_heads_see_what_comes_later() -> None:
    trace = opened("bart").trace(SOURCE, target=TARGET)
    view = ct.attention(trace, kind="encoder")
    data = view.neuron(1, 0, 0).data
    expected = view.data["weight"].sel(layer=1, head=0, query=0)
    np.testing.assert_allclose(data["weight"], expected, atol=1e-6)
    assert (data["weight"].values[1:] > 0).all()
    assert view.neuron(1, 0).spec.header["source"] is None
