"""What each head writes adds up to what the attention gives, and its norms are those vectors'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cutaway.model.discover import discover
from cutaway.model.record_attention import run_with_calls, with_written
from tests.models import shared, tiny_model

PROBE = range(3, 15)
IDS = [17, 4, 120, 33, 8, 61, 90, 12]
#: Family -> the output projection of block 1, read by name here and nowhere else.
PROJECTIONS = {
    "llama": "model.layers.1.self_attn.o_proj",
    "gpt2": "transformer.h.1.attn.c_proj",
    "gpt_neox": "gpt_neox.layers.1.attention.dense",
    "opt": "model.decoder.layers.1.self_attn.out_proj",
    "gpt_oss": "model.layers.1.self_attn.o_proj",
    "deepseek_v3": "model.layers.1.self_attn.o_proj",
    "bert": "bert.encoder.layer.1.attention.output.dense",
}


def weight_and_bias(module: Any) -> tuple[np.ndarray, np.ndarray]:
    """(heads x dv, width) and (width,) in float64."""
    weight = module.weight.detach().double().numpy()
    bias = getattr(module, "bias", None)
    matrix = weight.T if isinstance(module, nn.Linear) else weight
    return matrix, np.zeros(matrix.shape[1]) if bias is None else bias.detach().double().numpy()


@pytest.mark.parametrize("family", PROJECTIONS)
def test_weights_times_written_vectors_are_the_projection_s_output(family: str) -> None:
    model, anatomy = shared(family)
    assert anatomy.calls[1].projection == PROJECTIONS[family]
    module = model.get_submodule(PROJECTIONS[family])
    given: list[torch.Tensor] = []
    handle = module.register_forward_hook(lambda _m, _a, output: given.append(output[0].double()))
    call = run_with_calls(model, anatomy, IDS, ())[1][1]
    handle.remove()
    H, T = call.query.shape[:2]
    matrix, bias = weight_and_bias(module)
    rows = matrix.reshape(H, -1, matrix.shape[1])
    values = call.value[[call.group(head) for head in range(H)]].astype(np.float64)
    vectors = values @ rows  # (H, T, width)
    total = (call.weights(range(H)) @ vectors).sum(axis=0) + bias
    expected = given[0].numpy()
    np.testing.assert_allclose(total, expected, atol=1e-4 * abs(expected).max())
    norms = with_written(model, anatomy, 1, call).written
    assert norms is not None
    np.testing.assert_allclose(norms, np.linalg.norm(vectors, axis=-1), rtol=1e-5)
    assert norms.shape == (H, T)


@pytest.mark.parametrize("n_tokens", [8, 40])
def test_a_projection_that_is_asked_says_what_its_weight_says(n_tokens: int) -> None:
    """A hook may add to what the module does, so its weight is not read then; dv is 16."""
    model, anatomy = shared("gpt2")
    ids = [*IDS, *range(20, 20 + n_tokens - len(IDS))]
    call = run_with_calls(model, anatomy, ids, ())[1][1]
    read = with_written(model, anatomy, 1, call).written
    module = model.get_submodule(PROJECTIONS["gpt2"])
    handle = module.register_forward_hook(lambda _m, _a, output: output * 2)
    asked = with_written(model, anatomy, 1, call).written
    handle.remove()
    assert read is not None
    assert asked is not None
    np.testing.assert_allclose(asked, 2 * read, rtol=1e-5)


def test_a_projection_with_parts_of_its_own_is_found_and_asked() -> None:
    """As adapters are: a low-rank product beside the plain one."""
    plain, model = tiny_model("llama"), tiny_model("llama")
    attention = model.model.layers[1].self_attn
    adapted = Adapted(attention.o_proj)
    attention.o_proj = adapted
    anatomy = discover(model, PROBE)
    assert anatomy.calls[1].projection == "model.layers.1.self_attn.o_proj"
    found = with_written(model, anatomy, 1, run_with_calls(model, anatomy, IDS, ())[1][1]).written
    merged = adapted.base.weight + adapted.up.weight @ adapted.down.weight
    plain.model.layers[1].self_attn.o_proj.weight.data = merged.detach()
    anatomy = discover(plain, PROBE)
    again = with_written(plain, anatomy, 1, run_with_calls(plain, anatomy, IDS, ())[1][1]).written
    assert found is not None
    assert again is not None
    np.testing.assert_allclose(found, again, rtol=1e-4)


class Adapted(nn.Module):
    """A linear module with an adapter of rank 4."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.down, self.up = nn.Linear(64, 4, bias=False), nn.Linear(4, 64, bias=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.base(values) + self.up(self.down(values))
        return result


@pytest.mark.parametrize("family", ["qwen3_next", "bitnet"])
def test_a_gate_or_a_norm_between_leaves_it_unsaid(family: str) -> None:
    model, anatomy = shared(family)
    calls = run_with_calls(model, anatomy, IDS, ())[1]
    assert calls
    for layer, call in calls.items():
        assert anatomy.calls[layer].projection is None
        assert with_written(model, anatomy, layer, call).written is None


class Bent(nn.Linear):
    """A projection that is not linear: heads still add up, for each has entries of its own."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return super().forward(torch.relu(values))


def test_a_projection_that_is_not_linear_is_not_believed() -> None:
    model = tiny_model("llama")
    bent = Bent(64, 64, bias=False)
    bent.weight = model.model.layers[1].self_attn.o_proj.weight
    model.model.layers[1].self_attn.o_proj = bent
    anatomy = discover(model, PROBE)
    assert anatomy.calls[1].projection is None
    assert anatomy.calls[0].projection == "model.layers.0.self_attn.o_proj"
