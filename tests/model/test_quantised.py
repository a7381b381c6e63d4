"""Models whose weights are packed: by bitsandbytes, by torchao, by torch itself."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM

import cutaway as ct
from cutaway.core.errors import MissingError
from tests.models import tiny_model, tiny_tokenizer

from .variants import lacking, neurons, obeys

#: torch's own quantisation says that it will go; the package that follows is tested beside it.
DYNAMIC = (
    pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning"),
    pytest.mark.filterwarnings("ignore:quantized..linear_dynamic. an autograd:UserWarning"),
)


def quantised(folder: Path, **options: Any) -> ct.LM:
    """A tiny Llama that bitsandbytes packs; its widths are whole blocks of 64."""
    from transformers import BitsAndBytesConfig

    tiny_model("llama", intermediate_size=192).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, quantization_config=BitsAndBytesConfig(**options)
    )
    return ct.wrap(model, tiny_tokenizer())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:bitsandbytes..gemv_4bit. an autograd:UserWarning")
def test_bitsandbytes(tmp_path: Path) -> None:
    eight = quantised(tmp_path, load_in_8bit=True)
    trace = obeys(eight)
    assert lacking(eight) == {}
    down = eight.model.get_submodule(eight.anatomy.blocks[0].down)
    assert down.weight.dtype == torch.int8
    assert trace.materials["neurons"][0].shape == (trace.n_positions, 192)
    four = quantised(tmp_path, load_in_4bit=True)
    trace = obeys(four)
    assert set(lacking(four)) == {"saliency"}  # its kernel for CPUs has no gradient
    told = r"no gradient of an operation .*'occlusion' needs none"
    with pytest.raises(MissingError, match=told):
        ct.saliency(trace)
    shares = ct.saliency(trace, method="occlusion").data["saliency"]
    assert abs(float(shares.isel(target=-1).sum()) - 1) < 1e-5


@pytest.mark.slow
def test_torchao() -> None:
    packing = pytest.importorskip(
        "torchao.quantization", reason="torchao is loaded with all of transformers: not in .venv"
    )
    for config in (packing.Int8WeightOnlyConfig(), packing.Int8DynamicActivationInt8WeightConfig()):
        model = deepcopy(tiny_model("llama"))
        packing.quantize_(model, config)
        lm = ct.wrap(model, tiny_tokenizer())
        trace = obeys(lm)
        assert neurons(lm)
        assert ct.walk(trace).data is not None


def dynamic(part: Any) -> Any:
    """A part of a model whose products torch rounds, what they take included."""
    return torch.ao.quantization.quantize_dynamic(part, {nn.Linear}, torch.qint8, inplace=True)


@pytest.mark.slow
@pytest.mark.parametrize("ignored", [pytest.param(0, marks=DYNAMIC)])
def test_dynamic_quantisation(ignored: int) -> None:
    """Where all rows are rounded together a row has no lens of its own: the head must be spared."""
    model = deepcopy(tiny_model("llama"))
    dynamic(model.model)
    lm = ct.wrap(model, tiny_tokenizer())
    obeys(lm)
    assert set(lacking(lm)) == {"saliency"}
    with pytest.raises(MissingError, match="answers a state by which others are read with it"):
        ct.wrap(dynamic(model), tiny_tokenizer())


def test_a_gradient_that_is_cut_is_not_taken_for_none() -> None:
    """An operation that torch has no gradient for counts as 0 in the sum: silently wrong."""
    from cutaway.model.jacobian import gradients, is_cut

    library = torch.library.Library("cutaway_tests", "FRAGMENT")
    library.define("twice(Tensor x) -> Tensor")
    library.impl("twice", lambda x: torch.from_numpy(2 * x.detach().numpy()), "CPU")
    x = torch.ones(2, requires_grad=True)
    whole, cut = 2 * x, torch.ops.cutaway_tests.twice(x) + 2 * x
    assert not is_cut(whole)
    assert torch.equal(gradients(whole, x)[0], 2 * torch.eye(2))
    assert is_cut(cut)
    with pytest.raises(MissingError, match="saliency"):
        gradients(cut, x)
