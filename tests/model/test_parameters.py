"""The counts of parameters add up to the model's own total, and the card says what the model is."""

from __future__ import annotations

import platform

import pytest
import torch

import cutaway as ct
from cutaway.model.parameters import count_parameters
from tests.models import shared_lm, tiny


@pytest.mark.parametrize("family", ["llama", "gpt2", "mixtral", "mamba", "gpt_neox", "gemma2"])
def test_counts_add_up_and_tied_weights_count_once(family: str) -> None:
    lm = shared_lm(family)
    parts = count_parameters(lm.model, lm.anatomy)
    assert sum(part.count for part in parts) == lm.model.num_parameters() == lm.card.n_parameters
    for layer in range(lm.card.n_layers):
        own = sum(part.count for part in parts if part.layer == layer)
        block = lm.model.get_submodule(lm.anatomy.blocks[layer].path)
        assert own == sum(parameter.numel() for parameter in block.parameters())


@pytest.mark.parametrize("tied", [True, False])
def test_a_tied_unembedding_names_its_twin(tied: bool) -> None:
    lm = ct.wrap(*tiny("llama", tie_word_embeddings=tied))
    parts = {part.name: part for part in count_parameters(lm.model, lm.anatomy)}
    unembedding = parts["unembedding"]
    assert unembedding.shapes == {"weight": (200, 64)}
    assert unembedding.count == (0 if tied else 200 * 64)
    assert unembedding.tied == (("model.embed_tokens.weight",) if tied else ())
    assert lm.card.tied is tied


def test_parts_are_named_with_path_and_shapes() -> None:
    lm = shared_lm("llama")
    parts = {part.name: part for part in count_parameters(lm.model, lm.anatomy)}
    assert list(parts)[:4] == ["embedding", "block 0 attention", "block 0 mlp", "block 0 norms"]
    assert parts["block 2 mlp"].path == "model.layers.2.mlp"
    assert parts["block 2 mlp"].shapes["down_proj.weight"] == (64, 160)
    assert set(parts["block 2 norms"].shapes) == {
        "input_layernorm.weight", "post_attention_layernorm.weight",
    }  # fmt: skip


def test_the_card_says_what_the_model_is() -> None:
    model, tokenizer = tiny("gpt2", n_positions=77)
    card = ct.wrap(model, tokenizer).card
    assert (card.name, card.model_type, card.architecture) == (
        "GPT2LMHeadModel", "gpt2", "GPT2LMHeadModel",
    )  # fmt: skip
    assert (card.n_layers, card.width, card.vocab_size, card.context) == (4, 64, 200, 77)
    assert (card.dtype, card.device) == ("float32", "cpu")
    assert card.versions["python"] == platform.python_version()
    assert card.versions["torch"] == torch.__version__
    assert card.neurons == (160,) * 4
