"""Models as people have them: adapted, compiled, spread, in half precision.

Each obeys the same two laws as a plain model: the lens after the last block is the model's own
logits, and what is recorded is what the model had in its hands.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from tests.models import tiny, tiny_model, tiny_tokenizer

from .variants import TEXT, lacking, obeys

# ----------------------------------------------------------------------------------- adapters


def adapted(**options: Any) -> Any:
    """A tiny Llama with random low-rank adapters, which change what it says."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, init_lora_weights=False, **options)
    return get_peft_model(deepcopy(tiny_model("llama")), config).eval()


PEFT = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
PARTS = {"target_modules": ["q_proj", "down_proj"]}


@pytest.mark.slow
@PEFT
def test_adapters_are_part_of_the_model() -> None:
    torch.manual_seed(0)
    model = adapted(**PARTS)
    lm = ct.wrap(model, tiny_tokenizer())
    trace = obeys(lm)
    assert lacking(lm) == {}
    plain = ct.wrap(tiny_model("llama"), tiny_tokenizer()).trace(TEXT)
    assert np.abs(trace.state(3) - plain.state(3)).max() > 0.1
    with model.disable_adapter():  # the same model, its adapters off for now
        np.testing.assert_array_equal(obeys(lm).state(3), plain.state(3))
    model.merge_adapter()
    merged = obeys(lm)
    np.testing.assert_allclose(merged.state(3), trace.state(3), rtol=1e-3, atol=1e-4)
    model.unmerge_adapter()
    alone = obeys(ct.wrap(model.merge_and_unload(), tiny_tokenizer()))
    np.testing.assert_allclose(alone.state(3), trace.state(3), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@PEFT
def test_an_adapter_at_the_unembedding_may_go_on_learning() -> None:
    """One that does nothing yet must not be passed over: its model is trained while it is held."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, target_modules=["lm_head", "q_proj"])
    model = get_peft_model(deepcopy(tiny_model("llama")), config).eval()
    lm = ct.wrap(model, tiny_tokenizer())
    obeys(lm)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    obeys(lm)


# ----------------------------------------------------------------------------------- compiled


def whole(model: Any) -> Any:
    return torch.compile(model, backend="eager")


def in_place(model: Any) -> Any:
    model.compile(backend="eager")
    return model


def blocks(model: Any) -> Any:
    layers = model.model.layers
    for n, layer in enumerate(layers):
        layers[n] = torch.compile(layer, backend="eager")
    return model


def blocks_in_place(model: Any) -> Any:
    for layer in model.model.layers:
        layer.compile(backend="eager")
    return model


def method(model: Any) -> Any:
    model.forward = torch.compile(model.forward, backend="eager")
    return model


LATER = [pytest.param(how, marks=pytest.mark.slow) for how in (in_place, blocks_in_place, method)]


@pytest.mark.parametrize("how", [whole, blocks, *LATER])
def test_compiled_models_are_asked_uncompiled(how: Callable[[Any], Any]) -> None:
    compiled = how(deepcopy(tiny_model("llama")))
    before = shape(compiled)
    lm = ct.wrap(compiled, tiny_tokenizer())
    assert lacking(lm) == {}
    assert lm.anatomy.blocks[1].path == "model.layers.1"
    trace = lm.trace(TEXT, keep="neurons")
    plain = ct.wrap(tiny_model("llama"), tiny_tokenizer()).trace(TEXT, keep="neurons")
    for layer in range(4):
        np.testing.assert_array_equal(trace.state(layer), plain.state(layer))
    assert ct.saliency(trace).data.equals(ct.saliency(plain).data)
    assert shape(compiled) == before  # compiled as it was
    assert torch.compiler.is_dynamo_compiling() is False


def shape(model: Any) -> list[Any]:
    return [
        (name, type(part).__name__, part._compiled_call_impl is None, "forward" in vars(part))
        for name, part in model.named_modules()
    ]


def test_a_compiled_model_is_compiled_again_after_an_error() -> None:
    model = blocks(deepcopy(tiny_model("llama")))
    lm = ct.wrap(model, tiny_tokenizer())
    before = shape(model)
    inner = model.model.layers[2]._orig_mod.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lm.trace(TEXT)
    assert shape(model) == before
    inner.remove()
    model.model.layers[2].register_forward_hook(lambda *_: None)  # would not fire uncompiled
    with pytest.raises(InvalidError, match=r"register the hooks on module\._orig_mod"):
        lm.trace(TEXT)
    assert shape(model) == before


# ------------------------------------------------------------------------------ half precision


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_read_exactly(dtype: str) -> None:
    """The lens is the model's own half-precision logits; those in float32 are near."""
    half = ct.wrap(deepcopy(tiny_model("llama")).to(getattr(torch, dtype)), tiny_tokenizer())
    assert (lacking(half), half.card.dtype) == ({}, dtype)
    eps = float(torch.finfo(getattr(torch, dtype)).eps)
    trace = obeys(half, near=eps)
    whole = ct.wrap(tiny_model("llama"), tiny_tokenizer()).trace(TEXT)
    for layer in range(4):
        far = np.abs(trace.state(layer) - whole.state(layer)).max()
        assert far <= 16 * eps * np.abs(whole.state(layer)).max()


# -------------------------------------------------------------------------------------- spread


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning:accelerate")
def test_a_model_spread_over_memory_and_disk_answers_every_lens(tmp_path: Path) -> None:
    """With less memory than it needs, accelerate brings a block's weights when it runs."""
    tiny_model("llama").save_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(
        tmp_path, device_map="auto", max_memory={"cpu": "450KB"}, offload_folder=tmp_path / "off"
    )
    assert {"cpu", "disk"} <= set(map(str, model.hf_device_map.values()))
    spread = ct.wrap(model, tiny_tokenizer())
    plain = ct.wrap(tiny_model("llama"), tiny_tokenizer())
    assert lacking(spread) == {}
    obeys(spread)
    asked: tuple[Callable[[Any], Any], ...] = (
        ct.logit_lens, ct.saliency, ct.attention, ct.neurons, ct.predictions,
        lambda trace: ct.watch(trace, [1, 2]),
    )  # fmt: skip
    for ask in asked:
        a, b = (ask(lm.trace(TEXT, keep="neurons")).data for lm in (spread, plain))
        for name in b.data_vars:
            if b[name].dtype.kind == "f":
                np.testing.assert_allclose(a[name].values, b[name].values, rtol=1e-4, atol=1e-5)
    walk = ct.walk(spread.trace(TEXT), layer=3).data
    assert "it is off-loaded, and there only while it is used" in walk.attrs["refused"]
    said = [lm.generate(TEXT, max_new_tokens=3).token_ids for lm in (spread, plain)]
    assert said[0] == said[1]


# ------------------------------------------------------------------------------------- hybrids


def test_what_a_hybrid_has_is_shown_and_what_it_has_not_is_said() -> None:
    jamba = ct.wrap(*tiny("jamba"))
    view = ct.attention(jamba.trace(TEXT))
    assert view.data["layer"].values.tolist() == [1, 3]
    assert "layers without attention: 0, 2" in view.spec.header["notes"]
    assert "layers without attention: 0, 2" in str(ct.anatomy(jamba)).replace("\n", " ")
    mamba = ct.wrap(*tiny("mamba"))
    assert set(lacking(mamba)) == {"inside", "neurons", "attention", "queries and keys"}
    assert ct.saliency(mamba.trace(TEXT)).data.sizes["target"] > 1
    with pytest.raises(MissingError, match="no block weighs its tokens against each other"):
        ct.attention(mamba.trace(TEXT))
