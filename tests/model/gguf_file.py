"""A tiny Llama with a byte-level tokenizer, written as llama.cpp writes GGUF files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quantize
from tokenizers import pre_tokenizers

#: Width, heads, key-value heads, width of the MLP, blocks.
WIDTH, HEADS, KEY_HEADS, INNER, BLOCKS = 64, 4, 2, 96, 2
SPECIAL = ("<|unk|>", "<|im_start|>", "<|im_end|>")
WORDS = (*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġa", "ĠĠ")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {{ m['content'] }}<|im_end|>{% endfor %}"
)


def write_gguf(path: Path, *, tied: bool = True, kind: str = "llama") -> Path:
    """Random weights, the products quantised to 8 bits."""
    writer = GGUFWriter(path, kind)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(WORDS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(list(WORDS))
    writer.add_token_types([3] * len(SPECIAL) + [1] * (len(WORDS) - len(SPECIAL)))
    writer.add_token_merges(["Ġ a", "Ġ Ġ"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(TEMPLATE)
    for name, array in _weights(tied).items():
        exact = array.ndim == 1
        raw = GGMLQuantizationType.F32 if exact else GGMLQuantizationType.Q8_0
        writer.add_tensor(name, array if exact else quantize(array, raw), raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _weights(tied: bool) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, 0.2, (rows, columns)).astype(np.float32)

    def norm() -> np.ndarray:
        return random.uniform(0.5, 1.5, WIDTH).astype(np.float32)

    weights = {"token_embd.weight": matrix(len(WORDS), WIDTH), "output_norm.weight": norm()}
    if not tied:
        weights["output.weight"] = matrix(len(WORDS), WIDTH)
    keys = WIDTH // HEADS * KEY_HEADS
    for layer in range(BLOCKS):
        shapes = {
            "attn_q": (WIDTH, WIDTH), "attn_k": (keys, WIDTH), "attn_v": (keys, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH),
            "ffn_down": (WIDTH, INNER),
        }  # fmt: skip
        weights |= {f"blk.{layer}.{name}.weight": matrix(*shape) for name, shape in shapes.items()}
        weights |= {f"blk.{layer}.{name}.weight": norm() for name in ("attn_norm", "ffn_norm")}
    return weights
