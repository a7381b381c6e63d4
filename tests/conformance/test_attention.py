"""Attention family by family: the weights are those of a second model that runs eagerly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from cutaway.model.attend import attention_calls, prove_attention, weights
from cutaway.model.discover import discover
from tests.conformance.survey import IDS, PROBE
from tests.models import tiny_model

#: Grouped heads, sinks, soft-caps, windows, latent attention, a hybrid, a mixture, none grouped.
QUICK = ("llama", "gpt2", "gpt_oss", "gemma2", "mistral", "qwen3_moe", "gpt_neox", "opt")
#: A good choice of the others, each fast to build.
OTHERS = (
    "afmoe", "arcee", "bart", "bert", "biogpt", "blenderbot", "cohere", "cohere2", "cwm", "dbrx",
    "deepseek_v2", "deepseek_v3", "deepseek_v4", "doge", "ernie4_5", "gemma", "gemma3_text",
    "gemma3n_text", "gemma4_text", "glm", "glm4", "glm4_moe", "gpt_bigcode", "granite",
    "granitemoe", "granitemoehybrid", "helium", "hunyuan_v1_moe", "jamba", "mixtral", "nemotron",
    "olmo2", "persimmon", "phi", "phi3", "qwen2", "qwen3", "smollm3", "stablelm", "starcoder2",
)  # fmt: skip
#: Families whose rows sum to less than 1: some attention goes to a sink that is no token.
SINKS = {"gpt_oss", "deepseek_v4"}
#: Family -> why its weights are refused: it never asks transformers for a kernel.
REFUSED = ("big_bird", "bloom", "codegen", "falcon", "gptj", "mamba", "mpt")

MARKED = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]


def eager(family: str, state: Mapping[str, torch.Tensor]) -> list[np.ndarray]:
    """The attentions of a model of its own, built to run eagerly, with the same weights."""
    model = tiny_model(family, seed=1, attn_implementation="eager")
    model.load_state_dict(state)
    assert model.config._attn_implementation == "eager"
    with torch.inference_mode():
        output = model(torch.tensor([list(IDS)]), use_cache=False, output_attentions=True)
    return [one[0].float().numpy() for one in output.attentions if one is not None]


@pytest.mark.parametrize("family", MARKED)
def test_weights_equal_those_of_eager_attention(family: str) -> None:
    model = tiny_model(family)
    anatomy = discover(model, PROBE)
    heads, capability = prove_attention(model, anatomy, IDS)
    assert capability.proven, capability.why
    calls = attention_calls(model, anatomy, IDS)
    expected = eager(family, model.state_dict())
    assert len(calls) == len(heads) == len(expected)
    for call, (n_heads, n_groups), other in zip(
        calls.values(), heads.values(), expected, strict=True
    ):
        found = weights(call, range(n_heads))
        assert n_heads % n_groups == 0
        np.testing.assert_allclose(found, other, atol=1e-4)
        last = n_heads - 1
        np.testing.assert_allclose(weights(call, [last])[0], other[last], atol=1e-4)
        missing = 1 - found.sum(-1)
        assert missing.max() > 0.01 if family in SINKS else abs(missing).max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("family", REFUSED)
def test_a_family_that_asks_for_no_kernel_is_refused_with_its_reason(family: str) -> None:
    model = tiny_model(family)
    heads, capability = prove_attention(model, discover(model, PROBE), IDS)
    assert heads == {}
    assert not capability.proven
    assert "no block of this model hands queries and keys" in capability.why
