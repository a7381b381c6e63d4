"""Queries and keys before the rotary embedding are what the model's own modules gave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cutaway.model.discover import discover
from cutaway.model.record_attention import run_with_calls
from tests.models import shared, tiny_model

PROBE = range(3, 15)
IDS = [17, 4, 120, 33, 8, 61, 90, 12]

#: Family -> the layout, how many of the 16 entries are turned, and the modules that give the
#: queries and the keys (T, heads x 16), read by name here and nowhere else.
FOUND: dict[str, tuple[str, int, str, str]] = {
    "llama": ("half", 16, "q_proj", "k_proj"),
    "qwen3": ("half", 16, "q_norm", "k_norm"),
    "gpt_oss": ("half", 16, "q_proj", "k_proj"),
    "cohere": ("interleaved", 16, "q_proj", "k_proj"),
    "glm": ("interleaved", 8, "q_proj", "k_proj"),
    "phi": ("half", 8, "q_proj", "k_proj"),
    "gemma3_text": ("half", 16, "q_norm", "k_norm"),
}


def outputs(model: nn.Module, names: tuple[str, str]) -> list[np.ndarray]:
    """(heads, T, 16) what the two modules of block 1 give on the text."""
    given: dict[str, torch.Tensor] = {}
    attention = model.get_submodule("model.layers.1.self_attn")

    def keep(name: str) -> Any:
        return lambda _module, _args, output: given.__setitem__(name, output.detach())

    handles = [attention.get_submodule(n).register_forward_hook(keep(n)) for n in names]
    with torch.inference_mode():
        model(torch.tensor([IDS]), use_cache=False)
    for handle in handles:
        handle.remove()
    rows = []
    for name in names:
        tensor = given[name][0]
        heads_first = tensor.dim() == 3 and tensor.shape[1] == len(IDS)
        tensor = tensor.transpose(0, 1) if heads_first else tensor
        rows.append(tensor.reshape(len(IDS), -1, 16).transpose(0, 1).numpy())
    return rows


@pytest.mark.parametrize("family", FOUND)
def test_they_are_the_modules_own_numbers(family: str) -> None:
    layout, turned, *names = FOUND[family]
    model, anatomy = shared(family)
    call = run_with_calls(model, anatomy, IDS, ())[1][1]
    rotary = call.rotary
    assert rotary is not None
    assert rotary.layout == layout
    assert rotary.cos.shape == rotary.sin.shape == (len(IDS), turned)
    query, key = outputs(model, (names[0], names[1]))
    np.testing.assert_allclose(rotary.query, query, atol=1e-4 * abs(query).max())
    np.testing.assert_allclose(rotary.key, key, atol=1e-4 * abs(key).max())
    np.testing.assert_allclose(rotary.turned(query), call.query, atol=1e-4 * abs(query).max())
    assert abs(query - call.query).max() > 0.1


@pytest.mark.parametrize(
    ("family", "path", "n_parts"),
    [
        ("gpt_neox", "gpt_neox.layers.1.attention.query_key_value", 12),  # q, k, v by head
        ("phi3", "model.layers.1.self_attn.qkv_proj", 8),  # 4 queries, 2 keys, 2 values
    ],
)
def test_fused_projections_are_seen_through(family: str, path: str, n_parts: int) -> None:
    model, anatomy = shared(family)
    given: list[torch.Tensor] = []
    module = model.get_submodule(path)
    handle = module.register_forward_hook(lambda _m, _a, output: given.append(output[0]))
    call = run_with_calls(model, anatomy, IDS, ())[1][1]
    handle.remove()
    parts = given[0].reshape(len(IDS), n_parts, 16).transpose(0, 1).numpy()
    queries = parts[::3] if family == "gpt_neox" else parts[:4]
    keys = parts[1::3] if family == "gpt_neox" else parts[4:6]
    assert call.rotary is not None
    np.testing.assert_allclose(call.rotary.query, queries, atol=1e-5 * abs(queries).max())
    np.testing.assert_allclose(call.rotary.key, keys, atol=1e-5 * abs(keys).max())


def test_a_factor_on_the_angles_is_undone() -> None:
    """YaRN multiplies cosines and sines, so that scores grow with the length of the context."""
    yarn = {
        "rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0,
        "original_max_position_embeddings": 32,
    }  # fmt: skip
    model = tiny_model("llama", rope_parameters=yarn)
    call = run_with_calls(model, discover(model, PROBE), IDS, ())[1][1]
    assert call.rotary is not None
    assert abs(call.rotary.cos**2 + call.rotary.sin**2 - 1).min() > 0.01
    query, _ = outputs(model, ("q_proj", "k_proj"))
    np.testing.assert_allclose(call.rotary.query, query, atol=1e-4 * abs(query).max())


@pytest.mark.parametrize("family", ["gpt2", "opt", "nanochat"])
def test_where_there_is_none_or_more_than_a_rotation_none_is_said(family: str) -> None:
    """nanochat normalises queries and keys after it."""
    for call in run_with_calls(*shared(family), IDS, ())[1].values():
        assert call.rotary is None


def test_a_block_that_leaves_its_angles_unused_has_none() -> None:
    """Every fourth block of SmolLM3 gets the angles and does not turn by them."""
    calls = run_with_calls(*shared("smollm3"), IDS, ())[1]
    assert [call.rotary is None for call in calls.values()] == [False, False, False, True]


def test_blocks_share_the_arrays_of_their_angles() -> None:
    calls = run_with_calls(*shared("llama"), IDS, ())[1]
    assert len({call.rotary.cos.ctypes.data for call in calls.values() if call.rotary}) == 1
