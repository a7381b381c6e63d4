"""Families that are expected to be refused, or can't be run here: every other one is exact."""

from __future__ import annotations

__all__ = ["NOT_RUNNABLE", "QUICK", "REFUSED", "SINGLE"]

#: Family -> the part that the refusal must name. What the cause is in the architecture:
REFUSED = {
    "cpmant": "list of blocks",  # 32 prompt positions are added, and cut off by the code after
    "hrm_text": "list of blocks",  # two stacks that are run again and again
    "inkling2_text": "tail",  # attention over the states of all earlier blocks
    "prophetnet": "list of blocks",  # a main stream and predicting streams in one tensor
    "reformer": "tail",  # two reversible streams
    "xlm": "list of blocks",  # no block modules: parallel lists of attentions, MLPs and norms
}

#: Family -> why no tiny model of it runs on token ids.
NOT_RUNNABLE = {
    "blt": "reads bytes in patches cut by a second model; its hash tables have no small size",
    "dots3_note": "its default configuration gives sizes by layer number, for 42 layers or more",
    "gemma3n": "needs timm for its eyes; its language model is gemma3n_text",
    "gemma4_assistant": "drafts for another model, whose states it takes instead of token ids",
    "gemma4_unified_assistant": "drafts for another model, whose states it takes",
}

#: Families whose own code does not run in float64: their reference is float32.
SINGLE = {"xglm": "writes the least number of float64 into a float32 tensor"}

#: Families of the quick suite: one of each kind.
QUICK = (
    "llama", "gpt2", "gpt_neox", "opt", "gemma2", "gemma3_text", "cohere", "phi", "qwen3_moe",
    "falcon", "bloom", "mamba",
)  # fmt: skip
