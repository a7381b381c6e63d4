"""One pass records what the model itself computes, in its own precision, and leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cutaway.model.discover import discover
from cutaway.model.hooks import forward_hooks
from cutaway.model.record import recording, run
from tests.models import tiny_model

PROBE = range(3, 15)
IDS = [17, 4, 120, 33, 8, 61]
EVERYTHING = ("states", "inside", "neurons")


@pytest.fixture(scope="module")
def llama():
    model = tiny_model("llama")
    return model, discover(model, PROBE)


def test_states_are_the_models_own_hidden_states(llama) -> None:
    """transformers' hidden_states are the inputs of the blocks; its last entry is normed."""
    model, anatomy = llama
    states = run(model, anatomy, IDS, ("states",))["states"]
    with torch.inference_mode():
        output = model(torch.tensor([IDS]), output_hidden_states=True)
    for layer in range(-1, 3):
        assert np.array_equal(states[layer], output.hidden_states[layer + 1][0].numpy())
    normed = model.model.norm(torch.from_numpy(states[3]))
    assert torch.allclose(normed, output.hidden_states[-1][0], atol=1e-6)


def test_neurons_are_what_the_mlp_computes(llama) -> None:
    model, anatomy = llama
    recorded = run(model, anatomy, IDS, ("inside", "neurons"))
    block = model.model.layers[1]
    with torch.inference_mode():
        x = block.post_attention_layernorm(torch.from_numpy(recorded["inside"][1]))
        expected = block.mlp.act_fn(block.mlp.gate_proj(x)) * block.mlp.up_proj(x)
    np.testing.assert_allclose(recorded["neurons"][1], expected.numpy(), atol=1e-5)


def test_only_the_layers_asked_for(llama) -> None:
    model, anatomy = llama
    recorded = run(model, anatomy, IDS, EVERYTHING, layers=[2, -1])
    assert {name: list(layers) for name, layers in recorded.items()} == {
        "states": [-1, 2], "inside": [2], "neurons": [2],
    }  # fmt: skip


def test_arrays_are_float32_contiguous_and_their_own(llama) -> None:
    model, anatomy = llama
    first = run(model, anatomy, IDS, EVERYTHING)
    kept = {name: layers[2].copy() for name, layers in first.items()}
    run(model, anatomy, IDS[::-1], EVERYTHING)
    for name, layers in first.items():
        assert layers[2].dtype == np.float32
        assert layers[2].flags.c_contiguous
        assert np.array_equal(layers[2], kept[name])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_held_exactly(dtype: torch.dtype) -> None:
    model = tiny_model("llama").to(dtype)
    anatomy = discover(model, PROBE)
    state = run(model, anatomy, IDS, ("states",))["states"][1]
    assert np.array_equal(state, torch.from_numpy(state).to(dtype).float().numpy())
    with torch.inference_mode():
        output = model(torch.tensor([IDS]), output_hidden_states=True)
    assert np.array_equal(state, output.hidden_states[2][0].float().numpy())


def test_recording_changes_no_logit(llama) -> None:
    model, anatomy = llama
    with torch.inference_mode():
        plain = model(torch.tensor([IDS])).logits
        with recording(model, anatomy, EVERYTHING, lambda *_: None):
            watched = model(torch.tensor([IDS])).logits
    assert torch.equal(plain, watched)


def n_hooks(model) -> int:
    """transformers leaves hooks of its own where hidden states were once asked for."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_model_as_it_was(llama, error) -> None:
    model, anatomy = llama

    def fail(*_) -> None:
        raise error

    before = n_hooks(model)
    model.model.layers[2].train()
    try:
        with pytest.raises(error), forward_hooks({0: model.lm_head}, fail):
            run(model, anatomy, IDS, EVERYTHING)
        assert [m for m in model.modules() if m.training] == [*model.model.layers[2].modules()]
        assert n_hooks(model) == before
    finally:
        model.eval()


def test_several_texts_of_one_pass_are_rows_of_their_own() -> None:
    """OPT lays the texts of a batch end to end before its MLP."""
    model = tiny_model("opt")
    anatomy = discover(model, PROBE)
    batch = torch.tensor([IDS, IDS[::-1]])
    taken = {}

    def take(name: str, layer: int, rows: torch.Tensor) -> None:
        taken[name, layer] = rows.clone()

    with torch.inference_mode(), recording(model, anatomy, EVERYTHING, take):
        model(batch, use_cache=False)
    for row, ids in enumerate((IDS, IDS[::-1])):
        alone = run(model, anatomy, ids, EVERYTHING)
        for name in EVERYTHING:
            np.testing.assert_allclose(taken[name, 2][row], alone[name][2], atol=1e-5)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_model_on_another_device(device: str) -> None:
    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    if not there:
        pytest.skip(f"this machine has no {device} device")
    model = tiny_model("llama").to(device)
    anatomy = discover(model, PROBE)
    on_cpu = run(tiny_model("llama"), anatomy, IDS, ("states",))["states"][3]
    state = run(model, anatomy, IDS, ("states",))["states"][3]
    np.testing.assert_allclose(state, on_cpu, atol=1e-4)


def test_an_offloaded_model() -> None:
    """Its weights are on no device until they are used; accelerate is an extra."""
    accelerate = pytest.importorskip("accelerate")
    plain = tiny_model("llama")
    expected = run(plain, discover(plain, PROBE), IDS, EVERYTHING)
    model = accelerate.cpu_offload(tiny_model("llama"))
    anatomy = discover(model, PROBE)
    recorded = run(model, anatomy, IDS, EVERYTHING)
    for name in EVERYTHING:
        assert np.array_equal(recorded[name][2], expected[name][2])
    assert anatomy.tail.matrix() is None
