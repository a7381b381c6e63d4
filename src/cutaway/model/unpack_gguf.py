"""Turns the GGUF file of a Llama model into the folder that transformers reads.

transformers reads GGUF files itself, in three times the time: it parses the file thrice and keeps
neither the words' splitting of digits nor a configuration that can be saved. A test holds both to
the same weights and logits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, dequantize
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from tqdm.auto import tqdm
from transformers import GenerationConfig, LlamaConfig, PreTrainedTokenizerFast

from ..core.errors import FileError

__all__ = ["unpack"]

#: GGUF's names of tensors and transformers', outside the blocks and inside one.
_OUTSIDE = {"token_embd": "embed_tokens", "output_norm": "norm"}
_INSIDE = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}  # fmt: skip
_SPECIAL = 3  # GGUF's token type "control"


def unpack(gguf: Path, folder: Path) -> None:
    """Write configuration, weights (float32) and tokenizer of a Llama GGUF file into a folder.

    Raises FileError where the file holds another kind of model.
    """
    reader = GGUFReader(gguf)
    facts = {name: field.contents() for name, field in reader.fields.items()}
    kind = (facts["general.architecture"], facts["tokenizer.ggml.model"])
    if kind != ("llama", "gpt2"):
        raise FileError(gguf, f"holds {kind}, not a llama model with a byte-level tokenizer")
    config = _config(facts, tied="output.weight" not in {tensor.name for tensor in reader.tensors})
    folder.mkdir()
    config.save_pretrained(folder)
    _generation(facts).save_pretrained(folder)
    _save(_tokenizer(facts), folder)
    weights = {
        _name(tensor.name): _weight(tensor, config)
        for tensor in tqdm(reader.tensors, desc="Unpacking weights", unit="", disable=None)
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _save(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    try:
        tokenizer.save_pretrained(folder)
    except Exception as problem:  # tokenizers has no class for what the system refuses
        if type(problem) is not Exception:
            raise
        raise OSError(str(problem)) from problem


def _config(facts: dict[str, Any], tied: bool) -> LlamaConfig:
    heads = facts["llama.attention.head_count"]
    special: dict[str, Any] = _special_ids(facts)
    return LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=facts["llama.vocab_size"],
        hidden_size=facts["llama.embedding_length"],
        intermediate_size=facts["llama.feed_forward_length"],
        num_hidden_layers=facts["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=facts.get("llama.attention.head_count_kv", heads),
        max_position_embeddings=facts["llama.context_length"],
        # GGUF holds float32; the figure meant is the short one.
        rms_norm_eps=float(f"{facts['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        rope_parameters={"rope_type": "default", "rope_theta": facts["llama.rope.freq_base"]},
        tie_word_embeddings=tied,
        dtype="float32",
        **special,
    )


def _generation(facts: dict[str, Any]) -> GenerationConfig:
    return GenerationConfig(**_special_ids(facts))


def _special_ids(facts: dict[str, Any]) -> dict[str, int]:
    return {
        "bos_token_id": facts["tokenizer.ggml.bos_token_id"],
        "eos_token_id": facts["tokenizer.ggml.eos_token_id"],
        "pad_token_id": facts["tokenizer.ggml.padding_token_id"],
    }


def _tokenizer(facts: dict[str, Any]) -> PreTrainedTokenizerFast:
    words: list[str] = facts["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in facts["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges))
    split: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False)]
    if facts["tokenizer.ggml.pre"] == "smollm":
        split.insert(0, pre_tokenizers.Digits(individual_digits=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.ByteLevel()
    types = facts["tokenizer.ggml.token_type"]
    special = [word for word, kind in zip(words, types, strict=True) if kind == _SPECIAL]
    tokenizer.add_special_tokens([AddedToken(word, normalized=False) for word in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=words[facts["tokenizer.ggml.bos_token_id"]],
        eos_token=words[facts["tokenizer.ggml.eos_token_id"]],
        unk_token=words[facts["tokenizer.ggml.unknown_token_id"]],
        pad_token=words[facts["tokenizer.ggml.padding_token_id"]],
        model_max_length=facts["llama.context_length"],
        clean_up_tokenization_spaces=False,
        chat_template=facts.get("tokenizer.chat_template"),
    )


def _name(name: str) -> str:
    """transformers' name of a GGUF tensor.

    >>> _name("blk.3.attn_q.weight"), _name("token_embd.weight"), _name("output.weight")
    ('model.layers.3.self_attn.q_proj.weight', 'model.embed_tokens.weight', 'lm_head.weight')
    """
    if name.startswith("blk."):
        _, layer, part, kind = name.split(".")
        return f"model.layers.{layer}.{_INSIDE[part]}.{kind}"
    part, kind = name.split(".")
    return f"lm_head.{kind}" if part == "output" else f"model.{_OUTSIDE[part]}.{kind}"


def _weight(tensor: Any, config: LlamaConfig) -> NDArray[np.float32]:
    weight = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
    if ".attn_q." in tensor.name:
        return _unrotated(weight, config.num_attention_heads)
    if ".attn_k." in tensor.name:
        return _unrotated(weight, config.num_key_value_heads)
    return weight


def _unrotated(weight: NDArray[np.float32], heads: int | None) -> NDArray[np.float32]:
    """llama.cpp lays the two halves of a rotary pair side by side; transformers apart."""
    rows, width = weight.shape
    assert heads is not None
    pairs = weight.reshape(heads, rows // heads // 2, 2, width)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows, width))
