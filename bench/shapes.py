"""Sizes of Qwen3-TTS checkpoints: config.json of the talker and of its codec.

Sources: the defaults of mlx_audio/tts/models/qwen3_tts/config.py (mlx-audio 0.6.2), which are the
0.6B's; copies of the hub's config.json in public repositories' tests (0.6B-CustomVoice: every
field of talker_config and code_predictor_config; the 12 Hz tokenizer: every field of
decoder_config; 1.7B: hidden 2048, and a predictor that projects 2048 → 1024). The parameter counts
that follow, 906 M and 1,917 M, are the hub's file sizes: 1.81 and 3.83 GB of bfloat16.
"""

from __future__ import annotations

import copy
from typing import Any

Config = dict[str, Any]

SIZES = ("0.6b", "1.7b", "tiny", "tiny-projected")

_PREDICTOR: Config = {
    "model_type": "qwen3_tts_talker_code_predictor",
    "vocab_size": 2048,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 5,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "hidden_act": "silu",
    "max_position_embeddings": 65536,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000,
    "rope_scaling": None,
    "attention_bias": False,
    "num_code_groups": 16,
}
_TALKER: Config = {
    "model_type": "qwen3_tts_talker",
    "vocab_size": 3072,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "hidden_act": "silu",
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000,
    "rope_scaling": {"interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"},
    "attention_bias": False,
    "num_code_groups": 16,
    "text_hidden_size": 2048,
    "text_vocab_size": 151936,
    "position_id_per_seconds": 13,
    "codec_eos_token_id": 2150,
    "codec_think_id": 2154,
    "codec_nothink_id": 2155,
    "codec_think_bos_id": 2156,
    "codec_think_eos_id": 2157,
    "codec_pad_id": 2148,
    "codec_bos_id": 2149,
    "codec_language_id": {"english": 2050, "chinese": 2055},
    "spk_id": {"serena": 3066, "vivian": 3065, "ryan": 3061, "aiden": 2861},
    "spk_is_dialect": {"serena": False, "vivian": False, "ryan": False, "aiden": False},
}
_CODEC: Config = {
    "latent_dim": 1024,
    "codebook_dim": 512,
    "codebook_size": 2048,
    "decoder_dim": 1536,
    "hidden_act": "silu",
    "hidden_size": 512,
    "intermediate_size": 1024,
    "head_dim": 64,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "num_hidden_layers": 8,
    "num_quantizers": 16,
    "num_semantic_quantizers": 1,
    "semantic_codebook_size": 4096,
    "vector_quantization_hidden_dimension": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000,
    "sliding_window": 72,
    "layer_scale_initial_scale": 0.01,
    "max_position_embeddings": 8000,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "upsample_rates": [8, 5, 4, 3],
    "upsampling_ratios": [2, 2],
}
# Small, in the same form. Linear layers stay multiples of 64 (a quantisation group), convolutions
# wide enough for mlx-audio to tell their layout by their shape.
_TINY = {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
}
_TINY_CODEC = {
    "latent_dim": 80,
    "codebook_dim": 136,
    "decoder_dim": 264,
    "hidden_size": 64,
    "intermediate_size": 64,
    "head_dim": 32,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "upsample_rates": [24, 20],
}


def talker(size: str) -> Config:
    """config.json's talker_config; "projected" and 1.7b have small_to_mtp_projection."""
    config, predictor = copy.deepcopy(_TALKER), copy.deepcopy(_PREDICTOR)
    if size == "1.7b":
        config |= {"hidden_size": 2048, "intermediate_size": 6144}
    if size.startswith("tiny"):
        config |= _TINY | {"text_hidden_size": 128, "text_vocab_size": 512}
        config["rope_scaling"]["mrope_section"] = [12, 10, 10]
        predictor |= _TINY
    if size == "tiny-projected":
        config["hidden_size"] = 256
    return config | {"code_predictor_config": predictor}


def codec(size: str) -> Config:
    """speech_tokenizer/config.json.

    It has no encoder_config: the hub's file holds an encoder besides, which preset voices never
    use; leaving it out takes 0.2 GB off every engine's memory.
    """
    return {
        "architectures": ["Qwen3TTSTokenizerV2Model"],
        "model_type": "qwen3_tts_tokenizer_12hz",
        "input_sample_rate": 24000,
        "output_sample_rate": 24000,
        "decode_upsample_rate": 1920,
        "encode_downsample_rate": 1920,
        "encoder_valid_num_quantizers": 16,
        "decoder_config": copy.deepcopy(_CODEC) | (_TINY_CODEC if size.startswith("tiny") else {}),
    }


def generation() -> Config:
    """generation_config.json, as the hub's."""
    return {
        "do_sample": True,
        "temperature": 0.9,
        "top_k": 50,
        "top_p": 1.0,
        "repetition_penalty": 1.05,
        "subtalker_dosample": True,
        "subtalker_temperature": 0.9,
        "subtalker_top_k": 50,
        "subtalker_top_p": 1.0,
        "max_new_tokens": 8192,
    }
