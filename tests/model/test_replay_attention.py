"""Blocks run again in a twin: their weights are the model's, which is left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AttentionInterface, AttentionMaskInterface

from cutaway.core.errors import MissingError
from cutaway.model.attend import Attention, prove_attention
from cutaway.model.discover import discover
from cutaway.model.replay_attention import Replays
from cutaway.model.shared_copy import shared_copy
from tests.conformance.survey import hooks
from tests.models import tiny_model

PROBE = range(3, 15)
IDS = [17, 4, 120, 33, 8, 61, 90]
LONG = [5 + 7 * n % 180 for n in range(40)]


@pytest.fixture(scope="module")
def bloom() -> tuple[Any, Any]:
    model = tiny_model("bloom")
    return model, discover(model, PROBE)


@pytest.fixture
def closed() -> Iterator[str]:
    """A kernel of one closed piece that keeps its window to itself: no mask, no torch attention."""

    def kernel(module, query, key, value, attention_mask, scaling=None, sliding_window=None, **_):
        T = query.shape[2]
        each = query.shape[1] // key.shape[1]
        window = sliding_window or T
        with torch._C.DisableTorchFunction():
            key, value = (side.repeat_interleave(each, 1) for side in (key, value))
            far = torch.ones(T, T, dtype=torch.bool)
            hidden = far.triu(1) | far.tril(-window)
            scores = (query @ key.mT * scaling).masked_fill(hidden, float("-inf"))
            return (scores.softmax(-1) @ value).transpose(1, 2).contiguous(), None

    AttentionInterface.register("closed", kernel)
    AttentionMaskInterface.register("closed", lambda *_, **__: None)
    yield "closed"
    del AttentionInterface._global_mapping["closed"]
    del AttentionMaskInterface._global_mapping["closed"]


def eager(model: Any, ids: list[int], **overrides: Any) -> list[np.ndarray]:
    """The attentions of a model of its own, built to run eagerly on the same weights."""
    family = model.config.model_type
    other = tiny_model(family, seed=1, attn_implementation="eager", **overrides)
    other.load_state_dict(model.state_dict())
    with torch.inference_mode():
        output = other(torch.tensor([ids]), use_cache=False, output_attentions=True)
    return [one[0].numpy() for one in output.attentions]


def state_of(model: Any) -> object:
    modes = {name: module.training for name, module in model.named_modules()}
    kernel = model.config._attn_implementation
    return hooks(model), modes, kernel, deepcopy(model.config.to_dict())


def test_a_twin_shares_every_weight_and_no_setting() -> None:
    model = tiny_model("falcon")
    twin = shared_copy(model, eager=True)
    for (name, own), (other, shared) in zip(
        model.state_dict(keep_vars=True).items(), twin.state_dict(keep_vars=True).items(),
        strict=True,
    ):  # fmt: skip
        assert name == other
        assert own is shared
    assert twin.config._attn_implementation == "eager"
    assert model.config._attn_implementation == "sdpa"
    assert not {id(module) for module in model.modules()} & {id(m) for m in twin.modules()}


def test_a_model_is_left_as_it_was(bloom) -> None:
    model, anatomy = bloom
    model.train()
    try:
        before = state_of(model)
        Attention(model, anatomy, IDS).weights(1, [2])
        assert state_of(model) == before
    finally:
        model.eval()


def test_a_model_is_left_as_it_was_after_an_interruption(bloom) -> None:
    model, anatomy = bloom

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    text = Attention(model, anatomy, IDS)
    handle = model.get_submodule(anatomy.blocks[2].path).register_forward_hook(stop)
    before = state_of(model)
    with pytest.raises(KeyboardInterrupt):
        text.weights(1, [2])
    assert state_of(model) == before
    handle.remove()
    np.testing.assert_allclose(text.weights(1, [2])[0], eager(model, IDS)[1][2], atol=1e-6)


def test_nothing_hangs_on_the_model_while_its_twin_runs(bloom) -> None:
    """So that another thread may go on using it."""
    model, anatomy = bloom
    text = Attention(model, anatomy, IDS)
    seen = []
    block = model.get_submodule(anatomy.blocks[2].path)
    handle = block.register_forward_hook(lambda *_: seen.append(hooks(model)))
    try:
        text.weights(1, [2])
    finally:
        handle.remove()
    assert seen
    assert set(seen) == {1}


def test_a_hook_that_changes_the_model_is_heeded(bloom) -> None:
    """What is shown is what the model in the user's hands does."""
    model, anatomy = bloom
    plain = Attention(model, anatomy, IDS).weights(2, [0])
    block = model.get_submodule(anatomy.blocks[0].path)
    handle = block.register_forward_hook(lambda _, __, output: (2 * output[0], *output[1:]))
    try:
        steered = Attention(model, anatomy, IDS).weights(2, [0])
    finally:
        handle.remove()
    assert np.abs(steered - plain).max() > 1e-3
    np.testing.assert_array_equal(Attention(model, anatomy, IDS).weights(2, [0]), plain)


def test_a_block_that_answers_otherwise_the_second_time_is_refused(bloom) -> None:
    model, anatomy = bloom
    blocks = Replays(model, anatomy, IDS, [1])
    blocks.run(1)
    block = blocks._kept[False][1].parts[0].module
    block.register_forward_hook(lambda _, __, output: (output[0] + 1, *output[1:]))
    with pytest.raises(MissingError, match="something else when it is run again"):
        blocks.run(1)


def test_a_kernel_that_hides_a_window_is_replayed_eagerly(closed: str) -> None:
    """On a text within the window nothing is hidden; beyond it, the eager function would differ."""
    model = tiny_model("mistral", attn_implementation=closed, sliding_window=20)
    anatomy = discover(model, PROBE)
    assert "equals the kernel's" in anatomy.capabilities["attention"].why
    expected = eager(model, LONG, sliding_window=20)
    text = Attention(model, anatomy, LONG)
    for layer, (n_heads, _) in anatomy.heads.items():
        np.testing.assert_allclose(
            text.weights(layer, range(n_heads)), expected[layer], atol=1e-4, rtol=0
        )
        np.testing.assert_allclose(text.weights(layer, [1])[0], expected[layer][1], atol=1e-4)
    assert model.config._attn_implementation == closed


def test_a_kernel_that_eager_attention_does_not_repeat_is_refused(closed: str) -> None:
    model = tiny_model("llama", attn_implementation=closed)
    anatomy = discover(model, PROBE)
    kernel = AttentionInterface._global_mapping[closed]

    def louder(*args: Any, **kwargs: Any) -> Any:
        return 1.5 * kernel(*args, **kwargs)[0], None

    AttentionInterface.register(closed, louder)
    heads, capability = prove_attention(model, anatomy, IDS)
    assert heads == {}
    assert not capability.proven
    assert "with eager attention, its logits differ" in capability.why
