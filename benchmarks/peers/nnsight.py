"""nnsight: one trace that saves the states, the neurons, queries, keys and values."""

from __future__ import annotations

import torch
from nnsight import LanguageModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.peers.work import given, work


def main() -> None:
    """Answer with the model in the folder that was given."""
    folder = given()["model"]
    inner = AutoModelForCausalLM.from_pretrained(folder)
    model = LanguageModel(inner, tokenizer=AutoTokenizer.from_pretrained(folder))

    def bare(ids: list[int]) -> None:
        with torch.inference_mode():
            inner(torch.tensor([ids]), use_cache=False, logits_to_keep=1)

    def trace(ids: list[int]) -> object:
        kept = []
        with torch.inference_mode(), model.trace(torch.tensor([ids]), use_cache=False):
            for block in model.model.layers:
                kept.append(block.self_attn.q_proj.output.save())
                kept.append(block.self_attn.k_proj.output.save())
                kept.append(block.self_attn.v_proj.output.save())
                kept.append(block.mlp.down_proj.input.save())
                kept.append(block.output.save())
        return kept

    work({"bare": bare, "trace": trace})


if __name__ == "__main__":
    main()
