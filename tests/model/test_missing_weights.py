"""Checkpoints that lack weights: a part that no answer comes from is noted, any other refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

import cutaway as ct
from cutaway.core.errors import FileError
from tests.models import tiny_tokenizer

IDS = [5, 9, 3, 7]


@pytest.fixture
def bert(tmp_path: Path) -> BertModel:
    """A BERT's body, whose folder tests take weights from."""
    config = BertConfig(
        vocab_size=200, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    model = BertModel(config).eval()
    model.save_pretrained(tmp_path)
    tiny_tokenizer(masks=True).save_pretrained(tmp_path)
    return model


def take(folder: Path, names: Iterable[str]) -> None:
    weights = load_file(folder / "model.safetensors")
    for name in names:
        del weights[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_missing_pooler_is_noted_and_the_states_are_the_model_s(
    bert: BertModel, tmp_path: Path
) -> None:
    take(tmp_path, ["pooler.dense.weight", "pooler.dense.bias"])
    lm = ct.load(tmp_path)
    with torch.inference_mode():
        expected = bert(torch.tensor([IDS])).last_hidden_state[0]
    np.testing.assert_allclose(lm.trace(IDS).state(1), expected, atol=1e-5)
    found = lm.card.capabilities["pooler.dense"]
    assert not found.proven
    assert "the checkpoint has no weights for it" in str(found)
    assert "pooler.dense" in str(ct.anatomy(lm))


@pytest.mark.parametrize(
    "names",
    [
        ["encoder.layer.1.output.dense.bias"],
        ["embeddings.LayerNorm.weight"],
        ["pooler.dense.bias", "encoder.layer.0.attention.self.key.weight"],
    ],
)
def test_a_missing_weight_of_an_answer_is_refused(
    bert: BertModel,
    tmp_path: Path,
    names: list[str],
) -> None:
    take(tmp_path, names)
    words = f"lacks weights of {len(names)} parameters ({', '.join(sorted(names))})"
    with pytest.raises(FileError, match=re.escape(words)):
        ct.load(tmp_path)
