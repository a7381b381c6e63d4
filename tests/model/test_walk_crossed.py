"""A walk through encoders and encoder-decoders: both sides are seen, and the source is read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import cutaway as ct
from cutaway.model.equality import as_float64
from cutaway.trace.walk import TOLERANCE
from tests.models import MASK, tiny

from .seq2seq import SOURCE, TARGET, opened, whole

TEXT = f"The capital of {MASK} is Paris."
AT = 3


def named(walk: Any) -> dict[str, Any]:
    """The steps' numbers in float64, all of them proven."""
    assert all(math.isnan(step.gap) or step.gap <= TOLERANCE for step in walk.steps)
    return {step.name: step.values.astype(np.float64) for step in walk.steps}


def product(module: Any, x: torch.Tensor) -> torch.Tensor:
    return x @ as_float64(module.weight).T + as_float64(module.bias)


def normed(module: Any, x: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    standard = centred / (centred.pow(2).mean(-1, keepdim=True) + module.eps).sqrt()
    return standard * as_float64(module.weight) + as_float64(module.bias)


def test_a_bert_block_and_its_head_by_hand_in_float64():
    """From the token to what fills the mask, written out."""
    lm = ct.wrap(*tiny("masked bert"))
    trace = lm.trace(TEXT)
    walk = lm.walk(trace, 1, AT)
    got, bert = named(walk), lm.model.bert
    assert walk.refused == {}
    table = bert.embeddings
    ids, T = torch.tensor(trace.token_ids), trace.n_positions
    entered = normed(
        table.LayerNorm,
        as_float64(table.word_embeddings.weight)[ids]
        + as_float64(table.position_embeddings.weight)[:T]
        + as_float64(table.token_type_embeddings.weight)[0],
    )
    np.testing.assert_allclose(got["entering"], entered[AT], atol=1e-5)
    block, state = bert.encoder.layer[1], torch.from_numpy(trace.state(0)).double()
    own = block.attention.self
    q, k, v = (
        product(m, state).view(T, 4, -1).movedim(1, 0) for m in (own.query, own.key, own.value)
    )
    weights = (q @ k.mT * own.scaling).softmax(-1)
    np.testing.assert_allclose(got["weights"], weights[:, AT], atol=1e-5)
    assert got["weights"].shape == (4, T)
    mixed = (weights @ v)[:, AT].flatten()
    inside = normed(
        block.attention.output.LayerNorm, state[AT] + product(block.attention.output.dense, mixed)
    )
    np.testing.assert_allclose(got["state_inside"], inside, atol=1e-4)
    neurons = functional.gelu(product(block.intermediate.dense, inside))
    out = normed(block.output.LayerNorm, inside + product(block.output.dense, neurons))
    np.testing.assert_allclose(got["state_out"], out, atol=1e-4)
    head, last = lm.model.cls.predictions, torch.from_numpy(trace.state(3)).double()[AT]
    bent = functional.gelu(product(head.transform.dense, last))
    logits = product(head.decoder, normed(head.transform.LayerNorm, bent))
    step = next(step for step in walk.steps if step.name == "probability")
    assert list(step.ids) == logits.topk(10).indices.tolist()
    np.testing.assert_allclose(got["probability"], logits.softmax(-1)[list(step.ids)], atol=1e-5)


def test_a_decoder_looks_at_its_source_as_transformers_eager_attention_does():
    lm = opened("bart")
    trace = lm.trace(SOURCE, target=TARGET)
    walk = lm.walk(trace, 1, AT)
    got = named(walk)
    assert walk.refused == {}
    seen: dict[str, Any] = {}
    layer = lm.model.get_decoder().layers[1]
    hooks = [
        module.register_forward_hook(lambda _m, _a, out, name=name: seen.update({name: out}))
        for name, module in (
            ("cross", layer.encoder_attn), ("inside", layer.self_attn_layer_norm),
            ("crossed", layer.encoder_attn_layer_norm), ("out", layer.final_layer_norm),
        )
    ]  # fmt: skip
    lm.model.set_attn_implementation("eager")
    try:
        output = whole(lm, trace, output_attentions=True)
    finally:
        lm.model.set_attn_implementation("sdpa")
        for hook in hooks:
            hook.remove()
    own = output.cross_attentions[1][0, :, AT]
    assert got["cross_weights"].shape == (4, len(trace.source_ids))
    np.testing.assert_allclose(got["cross_weights"], own, atol=1e-5)
    np.testing.assert_allclose(got["cross_output"], seen["cross"][0][0, AT], atol=1e-5)
    for step, name in (
        ("state_inside", "inside"),
        ("state_crossed", "crossed"),
        ("state_out", "out"),
    ):
        np.testing.assert_allclose(got[step], seen[name][0, AT], atol=1e-5)
    most = int(own.mean(0).argmax())
    read = output.encoder_last_hidden_state[0, most]
    np.testing.assert_allclose(got["source_state"], read, atol=1e-5)
    value = product(layer.encoder_attn.v_proj, read.double())
    np.testing.assert_allclose(got["cross_value_vector"].flatten(), value, atol=1e-5)


def test_what_the_source_adds_is_refused_by_name_where_it_does_not_add_up():
    lm = opened("bart")
    layer = lm.model.get_decoder().layers[1]
    hook = layer.encoder_attn.out_proj.register_forward_hook(lambda _m, _a, out: out + 0.01)
    try:
        walk = lm.walk(lm.trace(SOURCE, target=TARGET), 1, AT)
    finally:
        hook.remove()
    assert "Merge the heads" in walk.refused["cross"]
    names = {step.name for step in walk.steps}
    assert "cross_output" not in names
    assert {"state_inside", "state_out", "logits"} <= names


@pytest.mark.slow
def test_the_encoder_of_an_encoder_decoder_is_walked_through_to_its_last_norm():
    lm = opened("t5")
    trace = lm.trace(SOURCE, target=TARGET)
    walk = trace.encoder.source.walk(trace.encoder, 2, AT)
    got = named(walk)
    assert walk.refused == {}
    assert "logits" not in got
    given = whole(lm, trace).encoder_last_hidden_state[0, AT]
    np.testing.assert_allclose(got["final_norm"], given, atol=1e-5)
    assert got["weights"].shape == (4, len(trace.source_ids))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["roberta", "electra", "modernbert", "distilbert", "albert"])
def test_encoders_whose_ends_and_blocks_differ_from_berts(family: str):
    lm = ct.wrap(*tiny(f"masked {family}"))
    trace = lm.trace(TEXT)
    walk = lm.walk(trace, 1, AT)
    got = named(walk)
    assert walk.refused == {}
    np.testing.assert_array_equal(got["state_out"], trace.state(1)[AT])
    with torch.no_grad():
        logits = lm.model(torch.tensor([trace.token_ids])).logits[0, AT]
    np.testing.assert_allclose(got["logits"], logits.topk(10).values, rtol=1e-4)
