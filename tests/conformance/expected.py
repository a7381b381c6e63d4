"""Families that are expected to be refused, or can't be run here: every other one is exact."""

from __future__ import annotations

__all__ = [
    "AHEAD", "HIDDEN", "HYBRIDS", "KINDS", "NOT_RUNNABLE", "NO_ATTENTION", "QUICK", "REFUSED",
    "SINGLE", "SINKS",
]  # fmt: skip

#: Family -> the part that the refusal must name. What the cause is in the architecture:
REFUSED = {
    "cpmant": "list of blocks",  # 32 prompt positions are added, and cut off by the code after
    "hrm_text": "list of blocks",  # two stacks that are run again and again
    "inkling2_text": "tail",  # attention over the states of all earlier blocks
    "prophetnet": "list of blocks",  # a main stream and predicting streams in one tensor
    "reformer": "tail",  # two reversible streams
    "xlm": "list of blocks",  # no block modules: parallel lists of attentions, MLPs and norms
    "masked albert": "list of blocks",  # one block that is run again and again
    "masked flaubert": "list of blocks",  # as xlm
    "masked longformer": "list of blocks",  # pads every text, and cuts the padding off afterwards
    "masked perceiver": "list of blocks",  # its states are latents, and no tokens
    "masked reformer": "tail",  # two reversible streams
    "masked squeezebert": "list of blocks",  # its states are turned inside the blocks
    "masked xlm": "list of blocks",
}

#: Family -> why no tiny model of it runs on token ids.
NOT_RUNNABLE = {
    "blt": "reads bytes in patches cut by a second model; its hash tables have no small size",
    "dots3_note": "its default configuration gives sizes by layer number, for 42 layers or more",
    "gemma3n": "needs timm for its eyes; its language model is gemma3n_text",
    "gemma4_assistant": "drafts for another model, whose states it takes instead of token ids",
    "gemma4_unified_assistant": "drafts for another model, whose states it takes",
    "masked mobilebert": "has no norms: in a random model the states overflow",
    **dict.fromkeys(
        ("masked bart", "masked mbart", "masked mvp"),
        "an encoder-decoder, which Cutaway does not take yet",
    ),
}

#: Families whose own code does not run in float64: their reference is float32.
SINGLE = {
    "xglm": "writes the least number of float64 into a float32 tensor",
    "masked mra": "makes float32 tensors in its attention",
}

#: Families of the quick suite: one of each kind.
QUICK = (
    "llama", "gpt2", "gpt_neox", "opt", "gemma2", "gemma3_text", "cohere", "phi", "qwen3_moe",
    "falcon", "bloom", "mamba", "masked bert", "masked modernbert",
)  # fmt: skip

#: Families none of whose blocks has attention.
NO_ATTENTION = (
    "falcon_mamba", "mamba", "mamba2", "rwkv", "xlstm",
    "masked fnet",  # mixes by a Fourier transform
    "masked mra", "masked yoso",  # approximate the products, and never have the weights
)  # fmt: skip
#: Family -> what the refusal of its attention weights must say.
HIDDEN = {"deepseek_v4": "looks at 16 keys for 13 tokens"}  # the others are compressed ones
#: Families whose rows sum to less than 1: some attention goes to a sink that is no token.
SINKS = ("flint", "gpt_oss", "granite_swa", "granitemoe_swa", "hy_v4", "mimo_v2_flash")
#: Families that look at later positions, having no causal mask unless one is given.
AHEAD = ("xlnet",)
#: Families of mixed blocks -> the layers of the tiny model that have attention.
HYBRIDS = {
    "bailing_hybrid": (1, 3), "bamba": (1, 3), "granitemoehybrid": (1, 3), "jamba": (1, 3),
    "kimi_linear": (1, 3), "lfm2_moe": (1, 3), "minimax": (0, 2), "qwen3_next": (3,),
    "recurrent_gemma": (2,), "zamba": (2, 5), "zamba2": (1, 3), "falcon_h1": (0, 1, 2, 3),
}  # fmt: skip
#: Kind of attention -> families that have it.
KINDS = {
    "grouped heads": ("llama", "qwen2", "gpt_bigcode", "falcon"),
    "sliding windows": ("mistral", "gemma3_text", "cohere2", "gpt_neo", "starcoder2"),
    "soft-caps": ("gemma2",),
    "sinks": SINKS,
    "ALiBi": ("bloom", "mpt"),
    "mixtures": ("mixtral", "qwen3_moe", "dbrx", "deepseek_v3", "gpt_oss"),
    "latent attention": ("deepseek_v2", "deepseek_v3", "minicpm3"),
    "more than one attention in a block": ("diffllama", "longcat_flash"),
    "not through transformers' interface": (
        "big_bird", "bloom", "codegen", "falcon", "git", "gpt_neo", "gpt_neox_japanese", "gptj",
        "megatron-bert", "mpt", "mvp", "openai-gpt", "rembert", "roformer", "trocr", "xglm",
        "xlnet",
    ),
}  # fmt: skip
