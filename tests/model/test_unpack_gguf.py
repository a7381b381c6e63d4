"""Unpacking a GGUF file: the same weights, logits and tokens as transformers' own reading."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from cutaway.core.errors import FileError
from cutaway.model.unpack_gguf import unpack
from tests.model.gguf_file import BLOCKS, write_gguf


@pytest.mark.parametrize("tied", [True, False])
def test_weights_and_logits_are_those_that_transformers_reads(tmp_path: Path, tied: bool) -> None:
    gguf = write_gguf(tmp_path / "tiny.gguf", tied=tied)
    unpack(gguf, tmp_path / "model")
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=gguf.name)
    found, expected = ours.state_dict(), theirs.state_dict()
    assert set(found) == set(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    ids = torch.tensor([[5, 60, 100, 7]])
    with torch.no_grad():
        torch.testing.assert_close(ours(ids).logits, theirs(ids).logits, rtol=1e-5, atol=1e-5)
    assert ours.config.rms_norm_eps == 1e-5
    assert ours.config.num_hidden_layers == BLOCKS
    assert ours.generation_config.eos_token_id == 2


def test_the_tokenizer_is_whole(tmp_path: Path) -> None:
    gguf = write_gguf(tmp_path / "tiny.gguf")
    unpack(gguf, tmp_path / "model")
    ours = AutoTokenizer.from_pretrained(tmp_path / "model")
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file=gguf.name)
    for text in (" a b", "the\tkeys\n é 😀", "<|im_start|>user"):
        assert ours(text)["input_ids"] == theirs(text)["input_ids"]
        assert ours.decode(ours(text)["input_ids"]) == text
    # digits stand alone, so that both spaces before one are a token: transformers' reading, which
    # knows nothing of it, keeps one of them for the digit
    assert ours.convert_ids_to_tokens(ours("  1")["input_ids"]) == ["ĠĠ", "1"]
    assert ours.convert_ids_to_tokens(theirs("  1")["input_ids"]) == ["Ġ", "Ġ", "1"]
    chat = ours.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert chat == "<|im_start|>user hi<|im_end|>"
    assert (ours.bos_token, ours.eos_token, ours.pad_token) == ("<|im_start|>", *["<|im_end|>"] * 2)


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    gguf = write_gguf(tmp_path / "tiny.gguf", kind="gpt2")
    with pytest.raises(FileError, match="not a llama model"):
        unpack(gguf, tmp_path / "model")
    assert not (tmp_path / "model").exists()
