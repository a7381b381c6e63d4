"""Half precision read once more in float32: the numbers of a float32 copy, without a copy."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from cutaway.model import widened
from cutaway.model.float32 import HALF, in_float32
from cutaway.model.widened import Widened
from tests.models import kind_of, tiny_model, tiny_tokenizer

TEXT = "The keys to the cabinet are on the table"
FEW = ("llama",)
#: Other norms, positions, attentions, mixtures, hybrids, state spaces, streams, tails; two texts.
MANY = (
    "gpt2", "gemma2", "masked bert",
    "bloom", "cohere", "deepseek_v3", "falcon", "gemma3_text", "glm4", "gpt_bigcode", "gpt_neox",
    "gpt_oss", "granite", "jamba", "mamba", "mixtral", "mpt", "olmo2", "opt", "phi", "qwen3_moe",
    "rwkv", "xlnet", "masked albert", "masked deberta-v2", "masked modernbert", "seq2seq bart",
    "seq2seq t5",
)  # fmt: skip


def both(family: str, dtype: torch.dtype) -> tuple[ct.LM, ct.LM]:
    """A model in half precision, and a float32 copy of all its weights."""
    started = {"decoder_start_token_id": 2} if family.startswith("seq2seq") else {}
    model = tiny_model(family, **started).to(dtype)
    tokenizer = tiny_tokenizer(kind_of(family)[0] == "masked")
    return ct.wrap(model, tokenizer), ct.wrap(deepcopy(model).float(), tokenizer)


def obeys(family: str, dtype: torch.dtype) -> None:
    """Every state and every top token is that of the copy, bit for bit."""
    half, copy = both(family, dtype)
    given = {"target": "The keys are lost"} if family.startswith("seq2seq") else {}
    trace, plain = half.trace(TEXT, **given), copy.trace(TEXT, **given)
    wide = half.in_float32(trace)
    for layer in range(-1, trace.n_layers):
        np.testing.assert_array_equal(wide.state(layer), plain.state(layer))
    found = ct.logit_lens(trace, checked=True).data
    top = ct.logit_lens(plain).data["token_id"].values[..., 0]
    np.testing.assert_array_equal(found["float32_token_id"].values, top)
    np.testing.assert_array_equal(found["changed"].values, found["token_id"].values[..., 0] != top)


@pytest.mark.parametrize("family", FEW)
def test_it_reads_as_a_float32_copy_of_the_whole_model(family: str) -> None:
    obeys(family, torch.bfloat16)


@pytest.mark.slow
@pytest.mark.parametrize("family", MANY)
def test_it_does_so_in_other_families(family: str) -> None:
    obeys(family, torch.float16 if "16" in family else torch.bfloat16)


def test_one_matrix_at_a_time_is_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    model = deepcopy(tiny_model("llama")).to(torch.float16)
    alive: list[Any] = []
    most = [0]
    plainly = widened._wide

    def counted(value: Any) -> Any:
        made = plainly(value)
        if isinstance(value, Widened):
            alive.append(ref(made))
            living = [tensor() for tensor in alive if tensor() is not None]
            most[0] = max(most[0], sum(tensor.numel() for tensor in living if tensor is not None))
        return made

    monkeypatch.setattr(widened, "_wide", counted)
    with torch.inference_mode():
        in_float32(model)(torch.arange(12)[None])
    largest = max(parameter.numel() for parameter in model.parameters())
    assert 0 < most[0] <= largest


def test_the_model_is_left_as_it_was() -> None:
    model = deepcopy(tiny_model("gpt2")).to(torch.bfloat16)
    lm = ct.wrap(model, tiny_tokenizer())
    trace = lm.trace(TEXT)
    before = shape(model)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    ct.logit_lens(trace, checked=True)
    assert shape(model) == before
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name])


def shape(model: nn.Module) -> list[tuple[Any, ...]]:
    """Every module's hooks and mode, every tensor's identity and precision."""
    modules = [
        (name, len(part._forward_hooks), len(part._forward_pre_hooks), part.training)
        for name, part in model.named_modules()
    ]
    return [*modules, *((name, id(p), p.dtype, p.data_ptr()) for name, p in tensors(model))]


def tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_parameters()
    yield from model.named_buffers()


@pytest.mark.slow
def test_what_changes_in_between_is_seen() -> None:
    """A switched-off layer, a new weight: no reading is kept from before, none told of another."""
    half, _ = both("llama", torch.bfloat16)
    trace = half.trace(TEXT)
    before = half.in_float32(trace).state(3)
    with torch.no_grad():
        half.model.model.layers[2].mlp.down_proj.weight.zero_()
    with pytest.raises(InvalidError, match="trace the text again"):
        half.in_float32(trace)
    again = half.trace(TEXT)
    after = half.in_float32(again).state(3)
    assert np.abs(before - after).max() > 0.01
    copy = ct.wrap(deepcopy(half.model).float(), tiny_tokenizer()).trace(TEXT)
    for layer in range(-1, 4):
        np.testing.assert_array_equal(half.in_float32(again).state(layer), copy.state(layer))


@pytest.mark.slow
def test_threads_may_trace_meanwhile() -> None:
    half, _ = both("llama", torch.bfloat16)
    trace = half.trace(TEXT)
    alone = half.in_float32(trace).state(3)
    with ThreadPoolExecutor(4) as pool:
        checks = [pool.submit(half.in_float32, trace) for _ in range(3)]
        traces = [pool.submit(half.trace, TEXT) for _ in range(6)]
        for check in checks:
            np.testing.assert_array_equal(check.result().state(3), alone)
        for again in traces:
            np.testing.assert_array_equal(again.result().state(3), trace.state(3))


def test_what_has_nothing_to_check_is_refused(tmp_path: Path) -> None:
    half, copy = both("llama", torch.bfloat16)
    with pytest.raises(InvalidError, match="in float32, so there is nothing to check"):
        ct.logit_lens(copy.trace(TEXT), checked=True)
    opened = ct.open(half.trace(TEXT, keep="lens").save(tmp_path / "half.trace"))
    assert ct.logit_lens(opened).data is not None
    with pytest.raises(MissingError, match="by its weights; attach the model"):
        ct.logit_lens(opened, checked=True)
    half.model.model.layers[1].register_buffer("packed", torch.zeros(3, dtype=torch.int8))
    with pytest.raises(MissingError, match="quantised weights have no float32 form"):
        ct.predictions(half.trace(TEXT), checked=True)
    away = deepcopy(tiny_model("llama")).to(torch.bfloat16)
    away.model.layers[0].to("meta")
    with pytest.raises(MissingError, match="weights are off-loaded"):
        in_float32(away)


@pytest.mark.parametrize("dtype", HALF)
def test_a_widened_tensor_is_its_float32_form(dtype: torch.dtype) -> None:
    held = torch.randn(5, 7, generator=torch.manual_seed(0)).to(dtype)
    wide, plain = Widened(held), held.float()
    assert (wide.dtype, wide.shape, wide.stride()) == (plain.dtype, plain.shape, plain.stride())
    ids = torch.tensor([[4, 0, 4]])
    for act in (
        lambda w: w.T @ torch.ones(5),
        lambda w: nn.functional.linear(torch.ones(2, 3, 7), w),
        lambda w: nn.functional.embedding(ids, w),
        lambda w: torch.cat([w[1:], w]).sum(0),
        lambda w: w.to(torch.float64) * 2,
        lambda w: w.detach().clone(),
        lambda w: w.unsqueeze(0).squeeze(0).reshape(-1).clone(),
        lambda w: torch.zeros(5, 7).add_(w),
        lambda w: torch.mm(torch.ones(2, 5), w, out=torch.empty(2, 7)),
    ):
        with torch.inference_mode():
            assert torch.equal(act(wide), act(plain))
    for write in (lambda: wide.add_(1), lambda: torch.add(plain, 1, out=wide)):
        with pytest.raises(MissingError, match="writes into its own weights while it runs"):
            write()
    assert torch.equal(held.float(), plain)
