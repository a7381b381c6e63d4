"""Queries, keys and values give the weights of a second model that runs eagerly, and are proven."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AttentionInterface

import cutaway as ct
from cutaway.core.errors import MissingError
from cutaway.model.attend import attention_calls
from cutaway.model.attention_call import MaskCache, attention_call_of, checked_record
from cutaway.model.discover import discover
from cutaway.model.record import run
from cutaway.model.record_attention import run_with_calls
from cutaway.trace.attention import AttentionCall
from tests.models import shared, tiny, tiny_model
from tests.same import same

PROBE = range(3, 15)
IDS = [17, 4, 120, 33, 8, 61, 90, 12, 77, 150, 5, 44]
TEXT = "The keys to the cabinet are on the table."
#: Grouped heads, one head for each, sinks, a soft-cap, latent attention, a bias, a mixture.
QUICK = ("llama", "gpt2", "gpt_oss", "gemma2", "deepseek_v3", "doge", "qwen3_moe")
OTHERS = (
    "afmoe", "arcee", "bart", "bert", "biogpt", "bitnet", "cohere", "cohere2", "cwm", "dbrx",
    "deepseek_v2", "ernie4_5", "exaone4", "gemma", "gemma3_text", "gemma3n_text", "glm", "glm4",
    "gpt_bigcode", "gpt_neox", "granite", "granitemoehybrid", "helium", "inkling_text", "jamba",
    "llama4_text", "mistral", "mixtral", "nanochat", "nemotron", "olmo2", "olmoe", "opt",
    "persimmon", "phi", "phi3", "qwen2", "qwen3", "qwen3_next", "seed_oss", "smollm3", "stablelm",
    "starcoder2", "xmod",
)  # fmt: skip


def eagerly(family: str, model: Any) -> list[np.ndarray]:
    """The attentions of a model of its own, built to run eagerly, with the same weights."""
    other = tiny_model(family, seed=1, attn_implementation="eager")
    other.load_state_dict(model.state_dict())
    with torch.inference_mode():
        output = other(torch.tensor([IDS]), use_cache=False, output_attentions=True)
    return [one[0].float().numpy() for one in output.attentions if one is not None]


@pytest.mark.parametrize(
    "family", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def test_the_numbers_give_the_weights_of_eager_attention(family: str) -> None:
    model, anatomy = shared(family)
    assert anatomy.capabilities["queries and keys"].proven
    _, calls = run_with_calls(model, anatomy, IDS, ())
    expected = eagerly(family, model)
    assert list(calls) == list(anatomy.calls)
    assert len(calls) == len(expected)
    for call, weights in zip(calls.values(), expected, strict=True):
        np.testing.assert_allclose(call.weights(range(call.n_heads)), weights, atol=1e-4)
        np.testing.assert_allclose(call.weights([1])[0], weights[1], atol=1e-4)


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("llama", {"causal": True, "window": None, "cap": None}),
        ("mistral", {"causal": True, "window": 6, "cap": None}),
        ("gemma2", {"causal": True, "window": 6, "cap": 3.0}),
        ("doge", {"causal": True, "window": 6, "cap": None}),
    ],
)
def test_what_shapes_the_weights_is_told_apart(family: str, settings: dict[str, Any]) -> None:
    call = run_with_calls(*shared(family), IDS, ())[1][0]
    assert {name: getattr(call, name) for name in settings} == settings
    assert call.hidden is None
    assert (call.bias is None) == (family != "doge")


@lru_cache(maxsize=1)
def one_call() -> Any:
    """The first call of a tiny Llama."""
    return attention_calls(*shared("llama"), IDS)[0]


def caught(**changes: Any) -> Any:
    """That call with some of it exchanged."""
    return replace(one_call(), **changes)


def test_masks_of_every_form_are_read() -> None:
    T = len(IDS)
    rng = torch.Generator().manual_seed(0)
    causal = torch.ones(T, T, dtype=torch.bool).tril()
    band = causal & torch.ones(T, T, dtype=torch.bool).triu(-3)
    other = causal & (torch.rand(T, T, generator=rng) < 0.7) | torch.eye(T, dtype=torch.bool)
    lowest = torch.finfo(torch.float32).min
    added = torch.randn(4, T, T, generator=rng).masked_fill(~causal, lowest)

    def read(mask: torch.Tensor) -> AttentionCall:
        return attention_call_of(caught(mask=mask[None]), MaskCache())

    for form in (lambda m: m[None], lambda m: torch.zeros(1, T, T).masked_fill(~m, -torch.inf)):
        assert (read(form(causal)).causal, read(form(causal)).window) == (True, None)
        assert read(form(causal)).hidden is None
        assert (read(form(band)).causal, read(form(band)).window) == (True, 4)
        assert read(form(band)).hidden is None
        np.testing.assert_array_equal(read(form(other)).blocked([0])[0], ~other.numpy())
        assert read(form(other)).bias is None
    both_ways = read(torch.ones(1, T, T, dtype=torch.bool))
    assert not both_ways.blocked([0]).any()
    biased = read(added)
    assert biased.hidden is None
    assert biased.bias is not None
    np.testing.assert_array_equal(biased.bias, added.masked_fill(~causal, 0).numpy())
    assert not attention_call_of(caught(options={"is_causal": False}), MaskCache()).causal


def test_numbers_that_do_not_give_the_weights_are_refused() -> None:
    call = caught()
    record = attention_call_of(call, MaskCache())
    assert checked_record(call, record) is record
    for changed in (
        replace(record, scale=record.scale * 1.01),
        replace(record, window=5),
        replace(record, key=record.key[::-1]),
        replace(record, value=record.value[::-1]),
        replace(record, sinks=np.zeros(4, dtype=np.float32)),
    ):
        with pytest.raises(MissingError, match="differ from the eager function's by"):
            checked_record(call, changed)


def test_what_no_record_holds_is_refused() -> None:
    call = caught()
    with pytest.raises(MissingError, match="its 12 queries meet 11 keys"):
        attention_call_of(replace(call, key=call.key[:, :, 1:]), MaskCache())
    with pytest.raises(MissingError, match="applies its window of 5 tokens itself"):
        attention_call_of(replace(call, options={"sliding_window": 5}), MaskCache())
    with pytest.raises(MissingError, match=r"its mask has the shape \(1, 12\)"):
        attention_call_of(replace(call, mask=torch.ones(1, 12)), MaskCache())


def test_half_precision_is_held_exactly() -> None:
    model = tiny_model("llama").to(torch.bfloat16)
    anatomy = discover(model, PROBE)
    assert anatomy.capabilities["queries and keys"].proven
    call = run_with_calls(model, anatomy, IDS, ())[1][0]
    for array in (call.query, call.key, call.value):
        assert array.dtype == np.float32
        exact = torch.from_numpy(array).to(torch.bfloat16).float().numpy()
        np.testing.assert_array_equal(array, exact)


def test_recording_changes_no_logit_and_no_state() -> None:
    model, anatomy = shared("gemma2")
    before = model(torch.tensor([IDS]), use_cache=False).logits
    arrays, calls = run_with_calls(model, anatomy, IDS, ("states", "neurons"))
    assert torch.equal(before, model(torch.tensor([IDS]), use_cache=False).logits)
    for name, layers in run(model, anatomy, IDS, ("states", "neurons")).items():
        for layer, array in layers.items():
            np.testing.assert_array_equal(arrays[name][layer], array)
    assert sorted(calls) == [0, 1, 2, 3]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_model_as_it_was(error: type[BaseException]) -> None:
    model = tiny_model("llama")
    anatomy = discover(model, PROBE)
    lookup = AttentionInterface.get_interface
    hooks = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())

    def fail(*_: Any) -> None:
        raise error

    handle = model.model.layers[2].mlp.register_forward_hook(fail)
    with pytest.raises(error):
        run_with_calls(model, anatomy, IDS, ("states",))
    handle.remove()
    assert AttentionInterface.get_interface is lookup
    assert hooks == sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_kept_is_what_the_model_answers_when_asked() -> None:
    lm = ct.wrap(*tiny("llama"))
    kept = lm.trace(TEXT, keep="attention")
    asked = lm.trace(TEXT)
    assert kept.kept == ("states", "attention")
    assert asked.calls == {}
    for layer in range(4):
        own, live = kept.attention_call(layer).arrays(), asked.attention_call(layer).arrays()
        assert own.keys() == live.keys() >= {"query", "key", "value", "written", "cos", "sin"}
        for name, array in own.items():
            np.testing.assert_array_equal(array, live[name])
    assert lm.cost(TEXT, keep="attention")["attention"] == kept.nbytes - asked.nbytes


def test_a_mask_that_is_no_window_is_kept_and_saved(tmp_path: Path) -> None:
    """Llama 4 attends within chunks, here of four tokens, but for its last block."""
    lm = ct.wrap(*tiny("llama4_text", attention_chunk_size=4))
    trace = lm.trace(TEXT, keep="attention")
    opened = ct.open(trace.save(tmp_path / "a.trace"))
    assert same(trace, opened)
    query, key = np.ogrid[: trace.n_positions, : trace.n_positions]
    apart = (key > query) | (key // 4 != query // 4)
    for layer, call in opened.calls.items():
        blocked = key > query if layer == 3 else apart
        np.testing.assert_array_equal(call.blocked([0])[0], blocked)
        weights = lm.attention(trace, layer, range(call.n_heads))
        np.testing.assert_allclose(call.weights(range(call.n_heads)), weights, atol=1e-5)


def test_texts_of_a_list_and_produced_tokens_are_recorded_as_one_text_is() -> None:
    lm = ct.wrap(*tiny("mistral"))
    texts = [TEXT, "1, 1, 2, 3, 5,"]
    for text, trace in zip(texts, lm.trace(texts, keep="attention"), strict=True):
        single = lm.trace(text, keep="attention")
        np.testing.assert_array_equal(trace.calls[1].query, single.calls[1].query)
        assert trace.calls[1].query.shape[1] == trace.n_positions
    produced = lm.generate("1, 1, 2,", max_new_tokens=5, keep="attention")
    assert produced.calls[0].query.shape[1] == produced.n_positions > produced.n_prompt


@pytest.mark.parametrize("family", ["mamba", "falcon"])
def test_a_model_without_queries_and_keys_says_why(family: str) -> None:
    lm = ct.wrap(*tiny(family))
    with pytest.raises(MissingError, match="'attention': no block of this model hands queries"):
        lm.trace(TEXT, keep="attention")
    trace = lm.trace(TEXT, keep="all")
    assert "attention" not in trace.kept
    with pytest.raises(MissingError, match="queries and keys of layer 0: no block"):
        trace.attention_call(0)


@pytest.mark.slow
def test_the_default_model_s_calls_give_its_weights() -> None:
    lm = ct.load()
    trace = lm.trace("The doctor asked the nurse a question. She said yes.", keep="attention")
    for layer in (0, 14, 29):
        call = trace.attention_call(layer)
        weights = lm.attention(trace, layer, range(9))
        np.testing.assert_allclose(call.weights(range(9)), weights, atol=2e-5)
