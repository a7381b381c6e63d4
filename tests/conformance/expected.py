"""Families that are expected to be refused, or can't be run here: every other one is exact."""

from __future__ import annotations

__all__ = [
    "AHEAD", "HALVES", "HIDDEN", "HIDES", "HYBRIDS", "KINDS", "LEAKS", "NOT_RUNNABLE",
    "NO_ATTENTION", "QUICK", "REFUSED", "SINGLE", "SINKS", "UNCALLED", "UNSCORED",
]  # fmt: skip

#: Family -> the part that the refusal must name. What the cause is in the architecture:
_TWICE = "reads its text with an encoder and again with a decoder"
REFUSED = {
    "hrm_text": "list of blocks",  # two stacks that are run again and again
    "inkling2_text": "tail",  # attention over the states of all earlier blocks
    "reformer": "tail",  # two reversible streams
    "masked perceiver": "list of blocks",  # its states are latents, and no tokens
    "sequence perceiver": "list of blocks",
    **dict.fromkeys(("masked reformer", "sequence reformer", "span reformer"), "tail"),
    "sequence funnel": "list of blocks",  # its blocks shorten the text
    "speech moonshine_streaming": "fails on a short sound",  # it takes samples by the 80
    # it hashes characters
    **dict.fromkeys(("sequence canine", "token canine", "span canine"), "the vocabulary"),
    **dict.fromkeys(
        ("sequence bart", "sequence bigbird_pegasus", "sequence mbart", "sequence mt5",
         "sequence mvp", "sequence plbart", "sequence t5", "sequence umt5", "span bart",
         "span bigbird_pegasus", "span led", "span mbart", "span mt5", "span mvp", "span t5",
         "span umt5"),
        _TWICE,
    ),
}  # fmt: skip

#: Family -> why no tiny model of it runs on token ids.
NOT_RUNNABLE = {
    "blt": "reads bytes in patches cut by a second model; its hash tables have no small size",
    "dots3_note": "its default configuration gives sizes by layer number, for 42 layers or more",
    "gemma3n": "needs timm for its eyes; its language model is gemma3n_text",
    "gemma4_assistant": "drafts for another model, whose states it takes instead of token ids",
    "gemma4_unified_assistant": "drafts for another model, whose states it takes",
    "seq2seq nemo_speechlm": "reads sound; its parts have no small sizes that fit each other",
    "seq2seq voxtral_realtime": "reads sound beside every token",
    "speech dia": "reads a text, and writes sounds in rows of several codes",
    "speech fun_asr_nano": "its configuration checks sizes that no small ones have",
    "speech kyutai_speech_to_text": "reads rows of codes of a sound beside every token",
    "speech voxtral_realtime": "reads sound beside every token",
    "span longformer": "looks for two separators beside each other, between question and text",
    "span lxmert": "reads a picture beside every text",
    "token bros": "reads where on a page each token stands",
    **dict.fromkeys(
        ("sequence layoutlmv2", "token layoutlmv2", "span layoutlmv2"), "needs detectron2"
    ),
    **dict.fromkeys(
        ("sequence t5gemma", "sequence t5gemma2", "token t5gemma", "token t5gemma2"),
        "its own code fails on token ids without a cache (transformers 5.23)",
    ),
}

#: Families of mixtures whose experts do not take numbers and weights, a row for each token: every
#: expert takes all tokens ("llama4"), the tokens sent to it ("jetmoe"), or a mask ("nllb-moe").
UNCALLED = ("jetmoe", "llama4", "llama4_text", "nllb-moe")
#: Families some of whose routers' scores can't be had: weights are drawn from a masked softmax
#: ("phimoe"); a table by token sends the tiny model's tokens to one expert twice ("deepseek_v4").
UNSCORED = ("phimoe", "deepseek_v4")

#: Families whose own code does not run in float64: their reference is float32.
SINGLE = {
    "xglm": "writes the least number of float64 into a float32 tensor",
    "mra": "makes float32 tensors in its attention",
    "fsmt": "writes the least number of float64 into a float32 tensor",
}

#: Families of the quick suite: one of each kind.
QUICK = (
    "llama", "gpt2", "gpt_neox", "gemma2", "gpt_oss", "qwen3_moe", "bloom", "jamba", "mamba",
    "masked bert", "seq2seq t5", "sequence bert", "sequence gpt2", "span bert",
)  # fmt: skip

#: Families none of whose blocks has attention.
NO_ATTENTION = (
    "falcon_mamba", "mamba", "mamba2", "rwkv", "xlstm",
    "fnet",  # mixes by a Fourier transform
    "mra", "yoso",  # approximate the products, and never have the weights
)  # fmt: skip
#: Family -> what the refusal of its attention weights must say.
HIDDEN = {
    "deepseek_v4": "looks at 16 keys for 13 tokens",  # the others are compressed ones
    "masked longformer": "other rows with the text's",  # its windows are laid out as bands
}
#: Families whose rows sum to less than 1: some attention goes to a sink that is no token.
#: "cpmant" reads 32 learnt rows before the text.
SINKS = ("cpmant", "flint", "gpt_oss", "granite_swa", "granitemoe_swa", "hy_v4", "mimo_v2_flash",
    "openai_privacy_filter",
)  # fmt: skip
#: Families that leave a sink's share out of the weights they answer.
HIDES = ("granite_swa", "granitemoe_swa")
#: Families with two attentions in a block, which they answer one after the other.
HALVES = ("longcat_flash",)
#: Families that look at later positions, having no causal mask unless one is given.
AHEAD = ("cpmant", "xlnet")
#: Families whose code for relative positions mixes rows: later tokens reach earlier logits, though
#: no attention looks ahead (transformers 5.23; ProphetNet's predicting streams).
LEAKS = ("prophetnet",)
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
