"""Catching attention calls changes nothing, is undone, and leaves other threads alone."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from transformers import AttentionInterface

from cutaway.core.errors import MissingError
from cutaway.model.attend import Attention, attention_calls, prove_attention, weights
from cutaway.model.eager_weights import additive_mask, attention_weights
from cutaway.model.kernel_calls import caught
from cutaway.model.structure import Anatomy
from tests.models import shared, tiny_model

IDS = [17, 4, 120, 33, 8, 61, 90]


@pytest.fixture(scope="module")
def llama():
    return shared("llama")


def owners(model, anatomy: Anatomy):
    return {
        module: layer
        for layer, block in enumerate(anatomy.blocks)
        for module in model.get_submodule(block.path).modules()
    }


def logits(model) -> torch.Tensor:
    with torch.inference_mode():
        return model(torch.tensor([IDS]), use_cache=False).logits


def test_logits_are_bit_equal_while_calls_are_caught(llama) -> None:
    model, anatomy = llama
    before = logits(model)
    with caught(owners(model, anatomy)) as calls:
        during = logits(model)
    assert torch.equal(before, during)
    assert sorted(calls) == [0, 1, 2, 3]


def test_one_head_is_the_row_of_all_heads(llama) -> None:
    model, anatomy = llama
    for call in attention_calls(model, anatomy, IDS).values():
        whole = weights(call, range(4))
        assert whole.shape == (4, len(IDS), len(IDS))
        for heads in ([2], [3, 0], [1, 2]):
            np.testing.assert_allclose(weights(call, heads), whole[heads], atol=1e-6)


def test_group_by_group_is_all_at_once(llama, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the weights of a long text are computed, which are too many at once."""
    model, anatomy = llama
    for call in attention_calls(model, anatomy, IDS).values():
        monkeypatch.setattr("cutaway.model.attend._WHOLE", 1 << 26)
        whole = weights(call, [3, 1, 0, 2])
        monkeypatch.setattr("cutaway.model.attend._WHOLE", 0)
        np.testing.assert_allclose(weights(call, [3, 1, 0, 2]), whole, atol=1e-6)


def test_a_head_is_weighed_with_those_of_its_key_value_head_alone(llama) -> None:
    """Also where the mask has a bias for each head: a long text's others have no room."""
    from dataclasses import replace

    model, anatomy = llama
    T, shapes = len(IDS), []
    call = attention_calls(model, anatomy, IDS)[0]

    def spied(module, query, *args, **kwargs):
        shapes.append(query.shape[1])
        return call.eager(module, query, *args, **kwargs)

    bias = torch.randn(1, 4, T, T, generator=torch.Generator().manual_seed(0))
    bias += torch.full((T, T), torch.finfo(torch.float32).min).triu(1)
    with torch.inference_mode():
        output, expected = call.eager(
            call.module, call.query, call.key, call.value, bias, **call.options
        )
    biased = replace(call, mask=bias, output=output, eager=spied)
    for heads, groups in (([3], 1), ([0, 1], 1), ([2, 1], 2)):
        np.testing.assert_allclose(weights(biased, heads), expected[0, heads], atol=1e-6)
        assert shapes == [2] * groups
        shapes.clear()


def test_keys_that_are_no_tokens_of_the_text_are_not_taken_for_them(llama) -> None:
    """A block that looks at a key more is run again, though its eager function is the kernel's."""
    from dataclasses import replace

    model, anatomy = llama
    calls = {layer: [call] for layer, call in attention_calls(model, anatomy, IDS).items()}
    call = calls[0][0]
    key, value = (torch.cat([x[:, :, :1], x], dim=2) for x in (call.key, call.value))
    longer = replace(call, key=key, value=value)
    with torch.inference_mode():
        output, _ = call.eager(
            call.module, call.query, key, value, additive_mask(longer), **call.options
        )
    calls[0] = [replace(longer, output=output)]
    heads, capability = prove_attention(model, anatomy, IDS, calls)
    assert heads == dict.fromkeys(range(4), (4, 2))
    assert "in 3 blocks the eager" in capability.why
    assert "in 1 block they are seen" in capability.why


def test_weights_of_a_block_that_is_run_again_give_what_its_kernel_gave(llama) -> None:
    """Where an eager function fails: a share that went to a sink is taken off here too."""
    from dataclasses import replace

    model, anatomy = llama
    attention = Attention(model, anatomy, IDS)
    plain = attention.weights(1, range(4))

    def failing(*_, **__):
        raise TypeError("an argument that only the kernel takes")

    call = attention.calls[1]
    attention.calls[1] = replace(call, eager=failing)
    np.testing.assert_allclose(attention.weights(1, [2, 0]), plain[[2, 0]], atol=1e-6)
    attention.calls[1] = replace(call, eager=failing, output=0.25 * call.output)
    np.testing.assert_allclose(attention.weights(1, [2, 0]), 0.25 * plain[[2, 0]], atol=1e-6)


def test_the_lookup_is_put_back_after_an_exception(llama) -> None:
    model, anatomy = llama
    lookup = AttentionInterface.get_interface
    unknown = torch.tensor([[10_000_000]])  # no such token: the embedding raises
    with pytest.raises(IndexError), caught(owners(model, anatomy)):
        model(unknown)
    assert AttentionInterface.get_interface is lookup


def test_another_thread_is_not_caught(llama) -> None:
    model, anatomy = llama
    expected = logits(model)
    answers: list[torch.Tensor] = []
    with caught(owners(model, anatomy)) as calls:
        other = threading.Thread(target=lambda: answers.append(logits(model)))
        other.start()
        other.join()
    assert calls == {}
    assert torch.equal(answers[0], expected)


def test_another_model_is_not_caught(llama) -> None:
    model, anatomy = llama
    with caught(owners(model, anatomy)) as calls:
        logits(tiny_model("gpt2"))
    assert calls == {}


def test_the_model_keeps_its_kernel_and_its_mode(llama) -> None:
    model, anatomy = llama
    kernel = model.config._attn_implementation
    model.train()
    try:
        calls = attention_calls(model, anatomy, IDS)
        weights(calls[0], [0])
        assert model.training
        assert all(module.training for module in model.modules())
    finally:
        model.eval()
    assert model.config._attn_implementation == kernel


def test_an_eager_function_that_differs_is_refused(llama) -> None:
    from dataclasses import replace

    model, anatomy = llama
    call = attention_calls(model, anatomy, IDS)[0]
    with pytest.raises(MissingError, match="differs from the kernel"):
        attention_weights(replace(call, output=call.output + 0.01))


def test_one_head_of_an_eager_function_that_differs_is_refused_too(llama) -> None:
    from dataclasses import replace

    model, anatomy = llama
    call = attention_calls(model, anatomy, IDS)[0]
    with pytest.raises(MissingError, match="differs from the kernel"):
        weights(replace(call, output=call.output + 0.01), [0])


@pytest.mark.parametrize("heads", [range(4), [2], [3, 0]])
def test_what_goes_to_a_sink_after_the_softmax_is_taken_off_the_rows(llama, heads) -> None:
    """An eager function may shrink its output, and answer rows that still sum to 1."""
    from dataclasses import replace

    model, anatomy = llama
    call = attention_calls(model, anatomy, IDS)[0]
    plain = weights(call, heads)

    def shrinking(*args, **kwargs):
        output, rows = call.eager(*args, **kwargs)
        return 0.25 * output, rows

    shrunk = replace(call, output=0.25 * call.output, eager=shrinking)
    np.testing.assert_allclose(weights(shrunk, heads), 0.25 * plain, atol=1e-6)


def test_weights_that_do_not_give_the_output_are_refused(llama) -> None:
    from dataclasses import replace

    model, anatomy = llama
    call = attention_calls(model, anatomy, IDS)[0]

    def other(*args, **kwargs):
        output, rows = call.eager(*args, **kwargs)
        return output, rows.flip(1)  # the rows of another head

    def grown(*args, **kwargs):
        output, rows = call.eager(*args, **kwargs)
        return 2 * output, rows  # no sink adds to what is there

    with pytest.raises(MissingError, match="do not give what the kernel gave"):
        weights(replace(call, eager=other), range(4))
    with pytest.raises(MissingError, match="do not give what the kernel gave"):
        weights(replace(call, eager=grown, output=2 * call.output), range(4))


def test_a_proof_tells_heads_and_key_value_heads(llama) -> None:
    model, anatomy = llama
    heads, capability = prove_attention(model, anatomy, IDS)
    assert heads == dict.fromkeys(range(4), (4, 2))
    assert capability.proven
