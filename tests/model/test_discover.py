"""The parts found are the right ones, and what can't be found is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cutaway.core.errors import MissingError
from cutaway.model.discover import discover
from cutaway.model.proof import bypassed
from cutaway.model.record import run
from tests.models import tiny_model

PROBE = range(3, 15)
IDS = [17, 4, 120, 33, 8, 61]


@pytest.fixture(scope="module")
def llama():
    model = tiny_model("llama")
    return model, discover(model, PROBE)


def test_the_parts_of_a_llama(llama) -> None:
    _, anatomy = llama
    block = anatomy.blocks[2]
    assert anatomy.embedding == "model.embed_tokens"
    assert block.path == "model.layers.2"
    assert block.attention == "model.layers.2.self_attn"
    assert block.mlp == "model.layers.2.mlp"
    assert block.down == "model.layers.2.mlp.down_proj"
    assert (block.neurons, block.experts) == (160, None)
    assert block.inside.path == "model.layers.2.post_attention_layernorm"
    assert (anatomy.tail.norm, anatomy.tail.unembedding) == ("model.norm", "lm_head")
    assert anatomy.tail.after_words == ()
    assert (anatomy.width, anatomy.vocab, len(anatomy.blocks)) == (64, 200, 4)
    assert all(capability.proven for capability in anatomy.capabilities.values())


@pytest.mark.parametrize(
    ("family", "gated"),
    [("llama", True), ("phi3", True), ("mixtral", True), ("gpt2", False), ("gpt_oss", False),
     ("arcee", False), ("lfm2", True)],
)  # fmt: skip
def test_the_sign_of_gated_neurons_means_nothing(family: str, gated: bool) -> None:
    assert discover(tiny_model(family), PROBE).gated is gated


def test_flipping_an_up_row_and_its_down_column_is_the_same_model(llama) -> None:
    """The law behind `gated`: neurons change sign, the states do not."""
    model, anatomy = llama
    other = tiny_model("llama")
    mlp = other.model.layers[1].mlp
    with torch.no_grad():
        mlp.up_proj.weight[7] *= -1
        mlp.down_proj.weight[:, 7] *= -1
    plain, flipped = (run(m, anatomy, IDS, ("states", "neurons")) for m in (model, other))
    assert (flipped["states"][3] == plain["states"][3]).all()
    assert (flipped["neurons"][1][:, 7] == -plain["neurons"][1][:, 7]).all()


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "olmo2", "granite", "opt"])
def test_without_its_mlp_a_block_gives_the_state_inside(family: str) -> None:
    """An independent way to the state inside: the down-projection's product is taken away."""
    model = tiny_model(family)
    anatomy = discover(model, PROBE)
    block = anatomy.blocks[-1]
    inside = run(model, anatomy, IDS, ("inside",))["inside"][3]
    down = model.get_submodule(block.down)
    with torch.no_grad():
        down.weight.zero_()
        if down.bias is not None:
            down.bias.zero_()
    norm = _norm_after(model, block.path)
    if norm is not None and getattr(norm, "bias", None) is not None:
        norm.bias.data.zero_()
    assert run(model, anatomy, IDS, ("states",))["states"][3] == pytest.approx(inside, abs=1e-5)


def _norm_after(model: nn.Module, block: str) -> nn.Module | None:
    return getattr(model.get_submodule(block), "post_feedforward_layernorm", None)


@pytest.mark.parametrize("family", ["gpt_neox", "cohere", "falcon", "phi"])
def test_a_parallel_block_has_no_state_inside(family: str) -> None:
    anatomy = discover(tiny_model(family), PROBE)
    assert not anatomy.capabilities["inside"].proven
    assert "block 0" in anatomy.capabilities["inside"].why
    assert anatomy.capabilities["neurons"].proven


def test_a_block_that_is_not_called_hands_on_its_state() -> None:
    """mllama skips its cross-attention blocks where there is no picture."""
    model = tiny_model("mllama")
    anatomy = discover(model, PROBE)
    states = run(model, anatomy, IDS, ("states",))["states"]
    skipped = sorted(set(range(4)) - set(anatomy.stream.called))
    assert skipped
    for layer in skipped:
        assert (states[layer] == states[layer - 1]).all()


def test_bfloat16_is_proven_too() -> None:
    model = tiny_model("gemma2").to(torch.bfloat16)
    anatomy = discover(model, PROBE)
    assert anatomy.stream.dtype == torch.bfloat16
    assert anatomy.tail.after_words == ("logits soft-capped at 3",)
    states = run(model, anatomy, IDS, ("states",))["states"][3]
    with torch.inference_mode():
        logits = model(torch.tensor([IDS])).logits[0]
        lens = anatomy.tail.logits(anatomy.tail.hidden(torch.from_numpy(states)))
    assert torch.equal(lens, logits)


def test_a_bypassed_block_hands_on_its_state(llama) -> None:
    model, anatomy = llama
    with bypassed(model, anatomy, [3]), torch.inference_mode():
        states = run(model, anatomy, IDS, ("states",))["states"]
        logits = model(torch.tensor([IDS])).logits[0]
    plain = run(model, anatomy, IDS, ("states",))["states"]
    np.testing.assert_array_equal(states[2], plain[2])
    np.testing.assert_array_equal(states[3], plain[2])
    with torch.inference_mode():
        lens = anatomy.tail.logits(anatomy.tail.hidden(torch.from_numpy(plain[2])))
    torch.testing.assert_close(lens, logits)


class Strange(nn.Module):
    """A language model with a part that Cutaway can't know."""

    def __init__(self, model: nn.Module, change) -> None:
        super().__init__()
        self.inner, self.change = model, change
        self.config = model.config

    def forward(self, input_ids: torch.Tensor, use_cache: bool = False):
        output = self.inner(input_ids=input_ids, use_cache=use_cache)
        output.logits = self.change(output.logits)
        return output


def test_a_tail_that_looks_back_is_refused() -> None:
    """Logits that depend on the whole text are no function of the last state of a position."""
    model = Strange(tiny_model("llama"), lambda logits: logits.cumsum(1))
    with pytest.raises(MissingError, match="the tail"):
        discover(model, PROBE)


def test_code_after_the_modules_is_replayed() -> None:
    """A tail that is no chain of modules, but a function of the last state, is had by replaying."""
    model = Strange(tiny_model("llama"), lambda logits: logits.sin())
    anatomy = discover(model, PROBE)
    assert anatomy.tail.matrix() is None
    states = run(model, anatomy, IDS * 4, ("states",))["states"][3]
    with torch.inference_mode():
        logits = model(torch.tensor([IDS * 4])).logits[0]
        lens = anatomy.tail.logits(anatomy.tail.hidden(torch.from_numpy(states)))
    assert torch.allclose(lens, logits, atol=1e-5)


def test_a_model_without_blocks_is_refused() -> None:
    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Embedding(50, 8), nn.Linear(8, 50)

        def forward(self, input_ids: torch.Tensor):
            return (self.head(self.embed(input_ids)),)

    with pytest.raises(MissingError, match="the list of blocks"):
        discover(Flat(), PROBE)


def test_a_material_that_was_not_proven_is_refused(llama) -> None:
    model, anatomy = llama
    from cutaway.trace.card import Capability

    without = replace(anatomy, capabilities={"neurons": Capability(False, "a test says so")})
    with pytest.raises(MissingError, match="a test says so"):
        run(model, without, IDS, ("neurons",))


@pytest.mark.parametrize("n_layers", [1, 2])
def test_few_blocks_are_enough(n_layers: int) -> None:
    model = tiny_model("llama", num_hidden_layers=n_layers)
    anatomy = discover(model, PROBE)
    assert [block.path for block in anatomy.blocks] == [
        f"model.layers.{i}" for i in range(n_layers)
    ]
    assert all(capability.proven for capability in anatomy.capabilities.values())


class Packed(nn.Module):
    """A product whose weight is kept in eight bits, as quantised models do."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        scale = linear.weight.detach().abs().amax(1, keepdim=True) / 127
        self.register_buffer("scale", scale)
        self.register_buffer("packed", (linear.weight.detach() / scale).round().to(torch.int8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ (self.packed * self.scale).T


def test_a_quantised_model_is_proven_like_any_other() -> None:
    model = tiny_model("llama")
    for block in model.model.layers:
        for name in ("gate_proj", "up_proj", "down_proj"):
            setattr(block.mlp, name, Packed(getattr(block.mlp, name)))
    model.lm_head = Packed(model.lm_head)
    anatomy = discover(model, PROBE)
    assert anatomy.blocks[1].down == "model.layers.1.mlp.down_proj"
    assert anatomy.gated
    assert anatomy.tail.unembedding == "lm_head"
    assert anatomy.tail.matrix() is None
    assert all(capability.proven for capability in anatomy.capabilities.values())


def test_a_kernel_without_a_backward_pass_costs_saliency_alone() -> None:
    model = tiny_model("llama")
    plain = model.model.layers[0].mlp.forward

    def forwards_only(x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and x.requires_grad:
            raise NotImplementedError("this kernel has no backward pass")
        return plain(x)

    model.model.layers[0].mlp.forward = forwards_only
    known = discover(model, PROBE).capabilities
    assert not known["saliency"].proven
    assert "no backward pass" in known["saliency"].why
    assert known["logit lens"].proven


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("family", "sequential"), [("llama", True), ("gpt_neox", False)])
def test_entries_a_thousand_times_larger_deceive_nobody(dtype, family, sequential) -> None:
    """Trained models have them; beside them, the branches of a block are small."""
    model = tiny_model(family)
    with torch.no_grad():
        model.get_input_embeddings().weight[:, 5] += 3000
    anatomy = discover(model.to(dtype), PROBE)
    assert anatomy.capabilities["inside"].proven is sequential
    assert anatomy.capabilities["neurons"].proven


def test_a_module_that_runs_only_in_its_block_is_not_guessed_about() -> None:
    """It can't be run by itself to see what it does: no neurons are claimed of it."""
    model = tiny_model("llama")
    block = model.model.layers[1]
    running: list[bool] = []

    class Bound(type(block.mlp)):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not running:
                raise RuntimeError("not by itself")
            return super().forward(x)

    block.mlp.__class__ = Bound
    block.register_forward_pre_hook(lambda *_: running.append(True))
    block.register_forward_hook(lambda *_: running.clear())
    anatomy = discover(model, PROBE)
    assert [block.neurons for block in anatomy.blocks] == [160, 0, 160, 160]
