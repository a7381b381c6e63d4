"""A walk through one block: what it shows is the model's, and each step gives the next."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper
from transformers.generation.logits_process import TopPLogitsWarper

import cutaway as ct
from cutaway.core.errors import MissingError
from cutaway.model.equality import as_float64
from cutaway.trace.walk import TOLERANCE
from tests.models import shared_lm, tiny

TEXT = "The keys to the cabinet are"
WHOLE = (
    "llama", "gpt2", "gpt_neox", "gemma", "gemma2", "gemma3_text", "qwen2", "qwen3", "phi3", "opt",
    "cohere", "olmo2", "granite", "mixtral",
)  # fmt: skip


def walked(family: str, at: int = 4, layer: int = 1):
    lm = shared_lm(family)
    trace = lm.trace(TEXT)
    return lm, trace, lm.walk(trace, layer, at)


@pytest.mark.parametrize("family", WHOLE)
def test_every_step_adds_up(family: str):
    lm, trace, walk = walked(family)
    steps = {step.name: step for step in walk.steps}
    assert walk.refused == {}
    assert all(math.isnan(step.gap) or step.gap <= TOLERANCE for step in walk.steps)
    recomputed = [name for name, step in steps.items() if not math.isnan(step.gap)]
    assert {"embedding", "weights", "head_output", "attention_output", "state_out"} <= {*recomputed}
    np.testing.assert_array_equal(steps["state_in"].values, trace.state(0)[4])
    np.testing.assert_array_equal(steps["state_out"].values, trace.state(1)[4])
    np.testing.assert_allclose(
        steps["weights"].values,
        lm.attention(trace, 1, range(lm.card.heads[1]))[:, 4, :5],
        atol=1e-6,
    )
    inputs = {name for step in walk.steps for name in step.inputs}
    assert inputs <= steps.keys() | {"last"}


def test_the_end_is_the_models_own_answer():
    lm, trace, walk = walked("gemma2")
    step = next(step for step in walk.steps if step.name == "logits")
    with torch.inference_mode():
        logits = lm.model(torch.tensor([trace.token_ids])).logits[0, 4]
    assert list(step.ids) == logits.topk(10).indices.tolist()
    np.testing.assert_allclose(step.values, logits.topk(10).values, rtol=1e-5)


def test_a_llama_block_by_hand_in_float64():
    """The chain from the state before the block to the state after it, written out."""
    lm, trace, walk = walked("llama")
    got = {step.name: step.values.astype(np.float64) for step in walk.steps}
    block = lm.model.model.layers[1]
    state = torch.from_numpy(trace.state(0)).double()
    eps = block.input_layernorm.variance_epsilon

    def rms(x, weight):
        return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * as_float64(weight)

    def heads(x, weight, count):
        return (x @ as_float64(weight).T).view(len(x), count, -1).movedim(1, 0)

    x = rms(state, block.input_layernorm.weight)
    own = block.self_attn
    H, K = lm.card.heads[1], lm.card.kv_heads[1]
    q, k, v = (
        heads(x, w.weight, n) for w, n in ((own.q_proj, H), (own.k_proj, K), (own.v_proj, K))
    )
    np.testing.assert_allclose(got["query_vector"], q[:, 4], atol=1e-5)
    cos, sin = lm.model.model.rotary_emb(state[None].float(), torch.arange(len(state))[None])
    cos, sin = cos[0].double(), sin[0].double()

    def turn(y):
        a, b = y.chunk(2, -1)
        return y * cos + torch.cat([-b, a], -1) * sin

    q, k = turn(q), turn(k).repeat_interleave(H // K, 0)
    np.testing.assert_allclose(got["query_turned"], q[:, 4], atol=1e-5)
    scores = (q[:, 4:5] @ k[:, :5].mT)[:, 0] * own.scaling
    np.testing.assert_allclose(got["scores"], scores, atol=1e-5)
    weights = scores.softmax(-1)
    mixed = torch.einsum("hk,hkd->hd", weights, v.repeat_interleave(H // K, 0)[:, :5])
    inside = state[4] + mixed.flatten() @ as_float64(own.o_proj.weight).T
    np.testing.assert_allclose(got["state_inside"], inside, atol=1e-4)
    y = rms(inside, block.post_attention_layernorm.weight)
    gate, up = (y @ as_float64(m.weight).T for m in (block.mlp.gate_proj, block.mlp.up_proj))
    neurons = torch.nn.functional.silu(gate) * up
    out = inside + neurons @ as_float64(block.mlp.down_proj.weight).T
    np.testing.assert_allclose(got["neurons"], neurons, atol=1e-4)
    np.testing.assert_allclose(got["state_out"], out, atol=1e-4 * float(out.abs().max()))


def test_what_does_not_add_up_is_refused_and_named():
    lm = ct.wrap(*tiny("llama"))
    projection = lm.model.model.layers[1].self_attn.o_proj
    hook = projection.register_forward_hook(lambda _m, _a, out: out + 0.01)
    try:
        walk = lm.walk(lm.trace(TEXT), 1, 4)
    finally:
        hook.remove()
    assert "attention" in walk.refused
    assert "Merge the heads" in walk.refused["attention"]
    assert "attention_output" not in {step.name for step in walk.steps}


def test_a_mixture_shows_its_router():
    _, _, walk = walked("mixtral")
    router = next(step for step in walk.steps if step.name == "router")
    assert len(router.ids) == len(router.values) == 2
    assert router.values.sum() == pytest.approx(1, abs=1e-5)


def test_a_block_without_attention_says_so():
    lm = shared_lm("mamba")
    walk = lm.walk(lm.trace(TEXT), 1, 2)
    assert "attention" in walk.refused
    assert {"state_in", "state_out", "logits"} <= {step.name for step in walk.steps}


def test_temperature_and_filters_are_transformers_own():
    lm = shared_lm("gpt2")
    trace = lm.generate(TEXT, max_new_tokens=3, temperature=0.7, top_k=40, top_p=0.8, seed=1)
    at = trace.n_prompt
    walk = lm.walk(trace, 0, at)
    step = next(step for step in walk.steps if step.name == "filtered")
    with torch.inference_mode():
        logits = lm.model(torch.tensor([trace.token_ids])).logits[:, at].double()
    warpers = LogitsProcessorList(
        [TemperatureLogitsWarper(0.7), TopKLogitsWarper(40), TopPLogitsWarper(0.8)]
    )
    wanted = warpers(torch.tensor([trace.token_ids]), logits).softmax(-1)[0, list(step.ids)]
    np.testing.assert_allclose(step.values, wanted, atol=1e-6)


def test_a_position_that_was_given_has_no_sampling_steps():
    lm = shared_lm("gpt2")
    trace = lm.generate(TEXT, max_new_tokens=3, temperature=0.7)
    assert "temperature" not in {step.name for step in lm.walk(trace, 0, 1).steps}


def test_a_saved_trace_needs_its_model(tmp_path):
    lm = shared_lm("llama")
    trace = ct.open(lm.trace(TEXT).save(tmp_path / "x.trace"))
    with pytest.raises(MissingError, match="a walk recomputes every step"):
        ct.walk(trace)
