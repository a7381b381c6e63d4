"""What makes a family's default configuration tiny: sizes by entry name, and hints by family.

Only building needs this. Discovery never reads a configuration, nor the name of a family.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ESSENTIAL", "HINTS", "SIZES"]

#: Entries without which a family's default configuration is refused by itself.
ESSENTIAL: dict[str, dict[str, Any]] = {}

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
    "encoder_layers": 2, "num_decoder_layers": 4, "num_encoder_layers": 2, "num_blocks": 4,
    "num_attention_heads": 4, "n_head": 4, "n_heads": 4, "num_heads": 4,
    "decoder_attention_heads": 4, "encoder_attention_heads": 4, "attention_heads": 4,
    "num_decoder_attention_heads": 4, "num_encoder_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "attention_head_dim": 16, "d_head": 16,
    "dim_head": 16, "rotary_dim": 8, "swa_num_attention_heads": 4, "swa_num_key_value_heads": 2,
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
    "type_vocab_size": 2, "max_position_embeddings": 128, "n_positions": 128, "n_ctx": 128,
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
    # caps that bite
    "final_logit_softcapping": 3.0, "attn_logit_softcapping": 3.0, "logits_soft_cap": 3.0,
    "output_logit_soft_cap": 3.0,
}  # fmt: skip

#: What a family needs beside the sizes.
HINTS: dict[str, dict[str, Any]] = {}
