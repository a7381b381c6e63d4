"""Models that see as well: their text side is a language model like any other, without images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import cutaway as ct
from cutaway.core.errors import MissingError
from tests.models import VOCAB, tiny_tokenizer

TEXT: dict[str, Any] = {
    "vocab_size": VOCAB, "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 160, "max_position_embeddings": 128,
}  # fmt: skip
EYES: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "image_size": 28, "patch_size": 14,
}  # fmt: skip
_TURNS = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
_QWEN = {
    "image_token_id": 199, "video_token_id": 198, "vision_start_token_id": 197,
    "vision_end_token_id": 196,
}  # fmt: skip
#: Class -> its model type and the least configuration that builds.
SEEING: dict[str, tuple[str, dict[str, Any]]] = {
    "LlavaForConditionalGeneration": ("llava", {
        "text_config": {"model_type": "llama", **TEXT},
        "vision_config": {"model_type": "clip_vision_model", **EYES}, "image_token_index": 199,
    }),
    "Qwen2VLForConditionalGeneration": ("qwen2_vl", {
        "text_config": {**TEXT, "rope_parameters": _TURNS}, **_QWEN,
        "vision_config": {"embed_dim": 32, "depth": 2, "num_heads": 2, "hidden_size": 64},
    }),
    "Gemma3ForConditionalGeneration": ("gemma3", {
        "text_config": {**TEXT, "head_dim": 16, "sliding_window": 8}, "vision_config": EYES,
        "mm_tokens_per_image": 4, "image_token_index": 199, "boi_token_index": 198,
        "eoi_token_index": 197,
    }),
    "Idefics3ForConditionalGeneration": ("idefics3", {
        "text_config": {"model_type": "llama", **TEXT}, "vision_config": EYES,
        "image_token_id": 199,
    }),
    "PaliGemmaForConditionalGeneration": ("paligemma", {
        "text_config": {"model_type": "gemma", **TEXT, "head_dim": 16},
        "vision_config": {"model_type": "siglip_vision_model", **EYES}, "projection_dim": 64,
        "image_token_index": 199,
    }),
}  # fmt: skip


def seeing(name: str, seed: int = 0) -> Any:
    kind, entries = SEEING[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = CONFIG_MAPPING[kind](**entries)
        model = getattr(transformers, name)(config).float().eval()
        for parameter in model.parameters():
            parameter.data.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEING)
def test_the_text_side_is_read_exactly(name: str) -> None:
    model = seeing(name)
    lm = ct.wrap(model, tiny_tokenizer())
    assert lm.card.n_layers == 4
    assert all(one.proven for one in lm.card.capabilities.values())
    trace = lm.trace("The keys to the cabinet", keep="neurons")
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([trace.token_ids])).logits[0, -1].numpy()
    lens = ct.predictions(trace, layer=3, k=VOCAB).data
    ids, own = lens["token_id"].values[0], lens["logit"].values[0]
    np.testing.assert_allclose(own, logits[ids], atol=1e-5 * np.abs(logits).max())
    rows = ct.attention(trace, layers=[1]).data["weight"].values.sum(-1)
    np.testing.assert_allclose(rows, 1, atol=1e-5)


def test_one_is_loaded_from_its_folder(tmp_path: Path) -> None:
    seeing("LlavaForConditionalGeneration").save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    lm = ct.load(tmp_path)
    assert type(lm.model).__name__ == "LlavaForConditionalGeneration"
    assert lm.anatomy.blocks[0].path == "model.language_model.layers.0"


@pytest.mark.slow
def test_one_that_wants_an_image_is_refused_in_words() -> None:
    config = CONFIG_MAPPING["idefics"](
        vocab_size=VOCAB, additional_vocab_size=0, hidden_size=64, intermediate_size=160,
        num_hidden_layers=2, num_attention_heads=4, cross_layer_interval=2,
        vision_config={"embed_dim": 32, **EYES}, perceiver_config={"use_resampler": False},
    )  # fmt: skip
    model = transformers.IdeficsForVisionText2Text(config).eval()
    with pytest.raises(MissingError, match=r"fails on a short text of plain token ids .*pixel_val"):
        ct.wrap(model, tiny_tokenizer())
