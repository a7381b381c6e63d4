"""The stack and the tally of an anatomy add up, for plain models, mixtures and GPT-2 itself."""

from __future__ import annotations

from typing import Any

import pytest

import cutaway as ct
from cutaway.lens.anatomy import anatomy
from cutaway.view.anatomy import anatomy_spec
from tests.app.parts import HERE, PARTS, Part
from tests.models import tiny, tiny_tokenizer


def header_of(lm: ct.LM) -> Any:
    return ct.anatomy(lm).spec.header


def stacked(header: Any) -> int:
    """The parameters of all cells: what is drawn."""
    parts = header["parts"]
    cells = [parts[cell] for row in header["stack"] for cell in row["cells"]]
    return sum(part["each"] for part in cells if part["count"])


def test_the_rows_are_the_forward_pass() -> None:
    header = anatomy_spec(anatomy(HERE, PARTS)).header
    assert [(row["block"], row["cells"]) for row in header["stack"]] == [
        (None, [0]), (0, [1]), (1, [1]), (2, [2]), (None, [3]), (None, [4]),
    ]  # fmt: skip
    assert stacked(header) == header["total"] == 712
    mlp = header["tally"][1]
    assert (mlp["blocks"], mlp["each"], mlp["count"]) == (3, [96, 192], 384)


@pytest.mark.parametrize("family", ["llama", "gpt2", "mixtral", "qwen2_moe", "mamba", "bert"])
def test_what_is_drawn_is_the_whole_model(family: str) -> None:
    lm = ct.wrap(*tiny(family))
    header = header_of(lm)
    assert stacked(header) == lm.model.num_parameters()
    assert sum(row["count"] for row in header["tally"]) == lm.model.num_parameters()
    blocks = [row["block"] for row in header["stack"] if row["block"] is not None]
    assert blocks == list(range(lm.card.n_layers))


@pytest.mark.parametrize("family", ["mixtral", "qwen2_moe"])
def test_experts_are_counted_inside_the_mlp(family: str) -> None:
    lm = ct.wrap(*tiny(family))
    mlp = next(row for row in header_of(lm)["tally"] if row["kind"] == "mlp")
    of_experts = sum(
        parameter.numel() for name, parameter in lm.model.named_parameters() if ".experts." in name
    )
    assert 0 < mlp["experts"] == of_experts < mlp["count"]
    assert not any(row["experts"] for row in header_of(ct.wrap(*tiny("llama")))["tally"])


def test_a_three_dimensional_weight_is_no_expert_without_a_mixture() -> None:
    part = Part("mlp", 0, "model.layers.0.mlp", {"conv.weight": (8, 1, 4)}, 32)
    header = anatomy_spec(anatomy(HERE, [part])).header
    assert header["parts"][0]["experts"] is None


def test_blocks_whose_mlp_is_two_modules_are_one_row() -> None:
    parts = ct.anatomy(ct.wrap(*tiny("bert"))).spec.header["parts"]
    mlp = [part for part in parts if part["kind"] == "mlp"]
    assert [part["blocks"] for part in mlp] == ["0–3"]
    assert "bert.encoder.layer.*.intermediate.dense.weight 160 × 64" in mlp[0]["shapes"]


def test_other_parts_are_named_by_their_modules() -> None:
    header = header_of(ct.wrap(*tiny("gpt2")))
    assert [part["path"] for part in header["parts"] if part["kind"] == "other"] == [""]
    assert [row["label"] for row in header["tally"]][:2] == ["embedding", "other: wpe"]


@pytest.mark.slow
def test_the_tally_of_gpt2_is_the_article_s() -> None:
    """124,439,808: the Illustrated GPT-2's 124M, where the paper says 117M."""
    from transformers import GPT2Config, GPT2LMHeadModel

    header = header_of(ct.wrap(GPT2LMHeadModel(GPT2Config()).eval(), tiny_tokenizer()))
    assert {row["kind"]: (row["each"], row["count"]) for row in header["tally"]} == {
        "embedding": (None, 50257 * 768),
        "other": (None, 1024 * 768),
        "attention": ([2362368] * 2, 12 * 2362368),
        "mlp": ([4722432] * 2, 12 * 4722432),
        "norms": ([3072] * 2, 12 * 3072),
        "final norm": (None, 1536),
        "unembedding": (None, 0),
    }
    assert header["total"] == stacked(header) == 124_439_808


@pytest.mark.parametrize(("family", "crossing"), [("t5", "layer.1."), ("bart", "encoder_attn.")])
def test_an_encoder_is_named_and_what_it_shares_is_counted_once(family: str, crossing: str) -> None:
    lm = ct.wrap(*tiny(f"seq2seq {family}"))
    header = header_of(lm)
    assert stacked(header) == lm.model.num_parameters()
    encoder = next(part for part in header["parts"] if part["kind"] == "encoder")
    inside = {id(p): p for p in lm.model.get_encoder().parameters()}
    shared = {id(p) for p in lm.model.get_decoder().parameters()}
    own = sum(p.numel() for key, p in inside.items() if key not in shared)
    assert encoder["count"] == own > 0
    assert encoder["twins"] == ["embedding"]
    assert sum(encoder["sizes"]) == sum(p.numel() for p in inside.values())
    assert len(encoder["shapes"]) < len(list(lm.model.get_encoder().named_parameters()))
    across = [p for n, p in lm.model.get_decoder().named_parameters() if crossing in n]
    rows = {row["kind"]: row["count"] for row in header["tally"]}
    assert rows["cross-attention"] == sum(parameter.numel() for parameter in across) > 0


def test_blocks_that_are_one_module_keep_its_path_and_name_the_block_that_counts_them() -> None:
    parts = header_of(ct.wrap(*tiny("masked albert")))["parts"]
    layer = "albert.encoder.albert_layer_groups.0.albert_layers.0"
    found = [(part["blocks"], part["path"], part["twins"]) for part in parts
             if part["kind"] == "attention"]  # fmt: skip
    assert found == [
        ("0", f"{layer}.attention", []),
        ("1–3", f"{layer}.attention", ["attention of block 0"]),
    ]
