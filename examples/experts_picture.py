"""Takes the picture of docs/experts.md: the routers of a tiny Mixtral with random weights.

python examples/experts_picture.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from _camera import camera
from transformers import MixtralConfig, MixtralForCausalLM

import cutaway as ct

HERE = Path(__file__).resolve().parents[1] / "docs" / "images"


def main(folder: Path = HERE) -> None:
    tokenizer = ct.load().tokenizer
    config = MixtralConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=96, num_hidden_layers=6,
        num_attention_heads=4, num_key_value_heads=2, num_local_experts=8, num_experts_per_tok=2,
        initializer_range=0.3,
    )  # fmt: skip
    torch.manual_seed(0)
    lm = ct.wrap(MixtralForCausalLM(config).eval(), tokenizer)
    view = ct.experts(lm.trace("The keys to the cabinet are on the table, and it is locked."))
    # Every token calls two experts of each layer, and no other number beside the scores decides.
    assert (abs(view.data["load"].sum("expert") - 2) < 1e-5).all()
    assert (view.data["passed_over"] == 0).all()
    with TemporaryDirectory() as work, camera() as lens:
        page = view.save(Path(work) / "experts.html")
        lens.photograph(
            page,
            folder / "experts.png",
            parts=("section.card:has(.grid)", "section.card[aria-live]"),
            width=1500,
        )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
