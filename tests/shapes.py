"""What makes a family's default configuration tiny: sizes by entry name, and hints by family.

Only building needs this. Discovery never reads a configuration, nor the name of a family.
"""

from __future__ import annotations

from typing import Any

__all__ = ["DECODER_OF", "HINTS", "SIZES", "SMALLER"]

#: Families whose causal class takes a part of the configuration.
DECODER_OF = {"musicgen": "decoder", "musicgen_melody": "decoder", "qwen4_exp": "text_config"}

SIZES: dict[str, Any] = {
    # widths
    "hidden_size": 64, "d_model": 64, "n_embd": 64, "embed_dim": 64, "dim": 64, "emb_dim": 64,
    "embedding_size": 64, "hidden_dim": 64, "word_embed_proj_dim": 64,
    "intermediate_size": 160, "ffn_dim": 160, "decoder_ffn_dim": 160, "encoder_ffn_dim": 160,
    "n_inner": 160, "ffn_hidden_size": 160, "d_inner": 160, "d_ff": 160, "dim_ff": 160,
    "dff": 160, "intermediate_size_mlp": 160, "feed_forward_size": 160,
    "dense_intermediate_size": 160,
    "moe_intermediate_size": 48, "expert_ffn_hidden_size": 48,
    "shared_expert_intermediate_size": 40, "shared_intermediate_size": 40,
    "moe_shared_expert_intermediate_size": 40, "shared_experts_intermediate_size": 40,
    # counts
    "num_hidden_layers": 4, "n_layer": 4, "n_layers": 4, "num_layers": 4, "decoder_layers": 4,
    "encoder_layers": 4, "num_decoder_layers": 4, "num_encoder_layers": 4, "num_blocks": 4,
    "num_attention_heads": 4, "n_head": 4, "n_heads": 4, "num_heads": 4,
    "decoder_attention_heads": 4, "encoder_attention_heads": 4, "attention_heads": 4,
    "num_decoder_attention_heads": 4, "num_encoder_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "attention_head_dim": 16, "d_head": 16,
    "dim_head": 16, "d_kv": 16, "rotary_dim": 8,
    "swa_num_attention_heads": 4, "swa_num_key_value_heads": 2,
    "swa_head_dim": 16, "kv_channels": 16,
    # mixtures
    "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "moe_num_experts": 4,
    "num_experts_per_tok": 2, "moe_topk": 2, "moe_k": 2, "top_k_experts": 2,
    "num_experts_per_token": 2, "n_group": 1, "topk_group": 1, "num_expert_group": 1,
    "n_shared_experts": 1, "first_k_dense_replace": 1, "num_dense_layers": 1,
    # latent attention
    "kv_lora_rank": 24, "q_lora_rank": 24, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16,
    "v_head_dim": 16, "qk_head_dim": 24, "index_head_dim": 16, "index_n_heads": 2,
    "index_topk": 6, "o_lora_rank": 16, "o_groups": 2,
    # state spaces and linear attention
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16,
    "linear_value_head_dim": 16, "linear_head_dim": 16, "linear_num_heads": 4,
    "mamba_n_heads": 8, "mamba_d_head": 16, "mamba_num_heads": 8, "mamba_head_dim": 16,
    "mamba_d_state": 8, "mamba_n_groups": 1, "n_groups": 1, "mamba_ngroups": 1,
    "state_size": 8, "ssm_state_size": 8, "mamba_headdim": 16, "n_mamba_heads": 2,
    "lru_width": 64, "attention_hidden_size": 64, "mamba_d_ssm": 128,
    "time_step_rank": 4, "mamba_dt_rank": 4, "chunk_size": 4, "mamba_chunk_size": 4,
    "attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2,
    "expert_layer_offset": 1, "full_attn_idxs": None,
    # vocabulary and length
    "vocab_size": 200, "decoder_vocab_size": 200, "vocab_size_per_layer_input": 200,
    "entity_vocab_size": 50, "type_vocab_size": 2,
    "max_position_embeddings": 128, "n_positions": 128, "n_ctx": 128,
    "max_seq_len": 128, "context_length": 128, "model_max_length": 128,
    "max_target_positions": 128, "max_source_positions": 64, "sliding_window": 6,
    "sliding_window_size": 6, "attention_window_size": 6, "hidden_size_per_layer_input": 24,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2,
    "image_token_id": 190, "video_token_id": 191, "audio_token_id": 192, "image_token_index": 190,
    "boi_token_id": 193, "eoi_token_id": 194, "boa_token_id": 195, "eoa_token_id": 196,
    "boi_token_index": 193, "eoi_token_index": 194, "vision_start_token_id": 193,
    "vision_end_token_id": 194, "forced_eos_token_id": 2, "eod_token_id": 2,
    "suppress_tokens": None, "begin_suppress_tokens": None, "forced_bos_token_id": None,
    # pictures and sound, which no test feeds
    "image_size": 32, "patch_size": 16, "num_mel_bins": 8,
    # scales and caps that bite
    "logits_scaling": 8.0, "embedding_multiplier": 6.0, "residual_multiplier": 0.22,
    "lm_head_multiplier": 0.25, "attention_multiplier": 0.3,
    "final_logit_softcapping": 3.0, "attn_logit_softcapping": 3.0, "logits_soft_cap": 3.0,
    "output_logit_soft_cap": 3.0,
}  # fmt: skip

_DECODER = {"is_decoder": True}
_ENDED = {"eos_token_id": 5}  # they look for an end token: the one that the checks' text ends with
_LATENT = {"head_dim": 8, "num_key_value_heads": 4}
#: What cuts samples into frames.
_WAVES = {"conv_dim": (32,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}
_SEAMLESS = {
    "speech_encoder_layers": 3, "speech_encoder_attention_heads": 4,
    "speech_encoder_intermediate_size": 160,
}  # fmt: skip
_FAST = {"num_hidden_layers": 3, "subsampling_conv_channels": 16, "conv_kernel_size": 5}
_MIXED = {"layer_types": ["linear_attention", "full_attention"] * 2}
_MAMBA = {"layer_types": ["mamba", "attention"] * 2}

_DOTS = {
    **_LATENT, "head_dim": 24, "per_layer_config": {}, "swa_num_key_value_heads": 4,
    "layer_types": ["indexed_attention", "full_attention"] * 2,
}  # fmt: skip
_INDEXED = {
    "layer_types": ["linear_attention", "indexed_attention"] * 2, "hc_lowrank": 16,
    "indexer_n_heads": 2, "indexer_kv_heads": 1, "indexer_head_dim": 16, "indexer_budget": 4,
    "indexer_compress_ratio": 2,
}  # fmt: skip
_SPARSE = ["dense", "sparse", "sparse", "sparse"]

#: Families without norms, whose states overflow in a random model: how much smaller weights are.
SMALLER = {"mobilebert": 0.3}

#: What a family needs beside the sizes: as anything, as one kind, and a kind as any family.
HINTS: dict[str, dict[str, Any]] = {
    "longformer": {"attention_window": 16},
    "sequence": {"num_labels": 5}, "token": {"num_labels": 5},
    "speech canary": {"encoder_config": _FAST}, "speech cohere_asr": {"encoder_config": _FAST},
    "speech moonshine": {
        "encoder_num_hidden_layers": 3, "decoder_num_hidden_layers": 4,
        "encoder_num_attention_heads": 4, "decoder_num_attention_heads": 4,
    },
    "speech moonshine_streaming": {
        "num_key_value_heads": 4,
        "encoder_config": {"num_hidden_layers": 3, "sliding_windows": ((16, 4), (16, 0), (16, 4))},
    },
    "speech seamless_m4t": _SEAMLESS, "speech seamless_m4t_v2": _SEAMLESS,
    "speech speech-encoder-decoder": {
        "encoder": _WAVES, "decoder": {"is_decoder": True, "add_cross_attention": True},
    },
    "speech speech_to_text": {"conv_channels": 48},
    "speech vibevoice": {
        f"{name}_config": {"num_filters": 4, "depths": [1] * 7}
        for name in ("audio", "semantic_model")
    },
    "speech speecht5": _WAVES,
    "seq2seq encoder-decoder": {"decoder": {"is_decoder": True, "add_cross_attention": True}},
    "sequence esmc": {"num_key_value_heads": 4}, "token esmc": {"num_key_value_heads": 4},
    "span t5": {"decoder_start_token_id": 0},
    "sequence t5": {"decoder_start_token_id": 0, **_ENDED},
    **dict.fromkeys(
        ("sequence bart", "sequence bigbird_pegasus", "sequence mbart", "sequence mt5",
         "sequence mvp", "sequence plbart", "sequence umt5"),
        _ENDED,
    ),
    "lilt": {"hidden_size": 96},
    "layoutlmv3": {"coordinate_size": 12, "shape_size": 8, "visual_embed": False},
    "distilbert": {"hidden_dim": 160},
    "mistral4": {"head_dim": 8, "num_key_value_heads": 4},
    "perceiver": {"d_latents": 64, "num_latents": 16, "num_self_attends_per_block": 2},
    "vibevoice_asr": {
        f"{name}_tokenizer_encoder_config": {"num_filters": 4, "depths": [1] * 7}
        for name in ("acoustic", "semantic")
    },
    "masked esmc": {"num_key_value_heads": 4},
    **dict.fromkeys(
        ("bert", "bert-generation", "big_bird", "camembert", "data2vec-text", "electra", "ernie",
         "megatron-bert", "rembert", "roberta", "roberta-prelayernorm", "roc_bert", "roformer",
         "xlm-roberta", "xlm-roberta-xl"),
        _DECODER,
    ),
    **dict.fromkeys(
        ("axk1", "axk2", "deepseek_v2", "deepseek_v3", "deepseek_v32", "glm4_moe_lite",
         "glm_moe_dsa", "longcat_flash", "minicpm3", "youtu"),
        _LATENT,
    ),
    "bailing_hybrid": {**_LATENT, **_MIXED, "mlp_layer_types": _SPARSE},
    "bamba": {"attn_layer_indices": [1, 3]},
    "dbrx": {
        "attn_config": {"kv_n_heads": 2, "rope_theta": 10000.0, "clip_qkv": 8.0},
        "ffn_config": {"ffn_hidden_size": 48, "moe_num_experts": 4, "moe_top_k": 2},
    },
    "deepseek_v2": {**_LATENT, "topk_method": "greedy"},
    "cohere_compass_text": {
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 10000.0}},
        "logit_scale": 0.0625,
    },
    "dots3_note": {"text_config": _DOTS},
    "dots3_note_text": _DOTS,
    "gemma3n_text": {
        "layer_types": ["sliding_attention", "full_attention"] * 2, "num_kv_shared_layers": 2,
        "activation_sparsity_pattern": [0.5, 0.0, 0.5, 0.0], "laurel_rank": 8,
    },
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "granitemoehybrid": _MAMBA,
    "kimi_linear": {**_LATENT, **_MIXED, "mlp_layer_types": _SPARSE},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 2},
    "longcat_flash": {**_LATENT, "zero_expert_num": 2},
    "mamba2": {"num_heads": 8, "head_dim": 16},
    "musicgen": {"decoder": {"num_codebooks": 1}},
    "musicgen_melody": {"decoder": {"num_codebooks": 1}},
    "qwen4_exp": {"text_config": _INDEXED},
    "qwen4_exp_text": _INDEXED,
    "reformer": {
        "is_decoder": True, "axial_pos_embds_dim": (16, 48), "axial_pos_shape": (8, 16),
        "attn_layers": ["local", "lsh"] * 2,
    },
    "xlstm": {"chunk_size": 16, "embedding_dim": 64, "qk_dim_factor": 1.0},
    "xmod": {"is_decoder": True, "default_language": "en_XX"},
    "zamba2": {
        "layers_block_type": ["linear_attention", "hybrid"] * 2, "hybrid_layer_ids": [1, 3],
        "attention_hidden_size": 128, "attention_head_dim": 32, "num_key_value_heads": 4,
        "n_mamba_heads": 8,
    },
    "zamba": {"num_hidden_layers": 6, "attn_layer_period": 3, "attn_layer_offset": 2,
              "attention_hidden_size": 128, "attention_head_dim": 32},
    "zaya": {"num_experts_per_tok": 1},
}  # fmt: skip
