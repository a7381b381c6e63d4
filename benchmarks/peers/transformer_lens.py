"""TransformerLens: run_with_cache of everything, and of what Cutaway records."""

from __future__ import annotations

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM

from benchmarks.peers.work import given, work

#: What is kept when not everything is: states, neurons, queries, keys, values.
KEPT = ("hook_resid_post", "mlp.out.hook_in", "attn.hook_q", "attn.hook_k", "attn.hook_v")


def main() -> None:
    """Answer with the model in the folder that was given."""
    folder = given()["model"]
    inner = AutoModelForCausalLM.from_pretrained(folder)
    model = TransformerBridge.boot_transformers(folder, device="cpu", dtype=torch.float32)

    def bare(ids: list[int]) -> None:
        with torch.inference_mode():
            inner(torch.tensor([ids]), use_cache=False, logits_to_keep=1)

    def everything(ids: list[int]) -> object:
        with torch.inference_mode():
            return model.run_with_cache(torch.tensor([ids]))

    def same(ids: list[int]) -> object:
        with torch.inference_mode():
            return model.run_with_cache(
                torch.tensor([ids]), names_filter=lambda name: name.endswith(KEPT)
            )

    work({"bare": bare, "everything": everything, "same": same})


if __name__ == "__main__":
    main()
