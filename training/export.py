"""`python -m training.export CODEC.pt TALKER.pt TOKENIZER_FOLDER OUT`: the checkpoint, in the hub's
layout of Qwen3-TTS-12Hz CustomVoice models, or of Base models for what `train_base` made.

Weights are bfloat16, codebooks float32, as on the hub; a Base model has its codebooks twice, and
in float16.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from training import talker as ids
from training.codec import CodecConfig
from training.flite import VOICES
from training.speech import FRAME, SAMPLE_RATE
from training.talker import StackConfig, TalkerConfig

# Chosen by hand, with tests.quality.evaluate; see README.md.
GENERATION = {
    "do_sample": True,
    "temperature": 0.4,
    "top_k": 20,
    "top_p": 1.0,
    "repetition_penalty": 1.0,
    "subtalker_dosample": True,
    "subtalker_temperature": 0.3,
    "subtalker_top_k": 30,
    "subtalker_top_p": 1.0,
    "max_new_tokens": 1024,
}


def export(codec: Path, talker: Path, tokenizer: Path, out: Path) -> None:
    (out / "speech_tokenizer").mkdir(parents=True, exist_ok=True)
    saved = torch.load(talker, map_location="cpu", weights_only=True)
    config, speaker = _talker_config(saved["config"]), saved.get("speaker")
    text = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    _dump(out / "config.json", _config(config, text) | (_base(speaker) if speaker else {}))
    _dump(out / "generation_config.json", GENERATION)
    prefix = "" if speaker else "talker."
    weights = {f"{prefix}{name}": value for name, value in saved["average"].items()}
    _save(out / "model.safetensors", weights)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / name, out / name)
    saved = torch.load(codec, map_location="cpu", weights_only=True)
    codec_config = CodecConfig.of(saved["config"])
    _dump(out / "speech_tokenizer" / "config.json", _codec_config(codec_config))
    weights = _decoder_weights(saved["codec"])
    if codec_config.mimi:
        weights |= _encoder_weights(saved["codec"])
        _dump(out / "speech_tokenizer" / "preprocessor_config.json", _PREPROCESSOR)
    books = torch.float16 if codec_config.mimi else torch.float32
    _save(out / "speech_tokenizer" / "model.safetensors", weights, books)


def _talker_config(saved: dict[str, Any]) -> TalkerConfig:
    stacks = {name: StackConfig(**saved[name]) for name in ("talker", "predictor")}
    return TalkerConfig(**{**saved, **stacks})


def _stack(config: StackConfig) -> dict[str, Any]:
    heads = config.num_attention_heads
    return {
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": 32768,
        "rms_norm_eps": 1e-6,
        "rope_theta": config.rope_theta,
        "attention_bias": False,
    }


def _config(config: TalkerConfig, text: Tokenizer) -> dict[str, Any]:
    size, books = config.codebook_size, config.num_code_groups
    predictor = {
        "model_type": "qwen3_tts_talker_code_predictor",
        **_stack(config.predictor),
        "vocab_size": size,
        "num_code_groups": books,
    }
    talker = {
        "model_type": "qwen3_tts_talker",
        **_stack(config.talker),
        "rope_scaling": {
            "interleaved": True,
            "mrope_section": [12, 10, 10],
            "rope_type": "default",
        },
        "vocab_size": config.vocab_size,
        "num_code_groups": books,
        "text_hidden_size": config.text_hidden_size,
        "text_vocab_size": config.text_vocab_size,
        "codec_eos_token_id": size + ids.EOS,
        "codec_think_id": size + ids.THINK,
        "codec_nothink_id": size + ids.NOTHINK,
        "codec_think_bos_id": size + ids.THINK_BOS,
        "codec_think_eos_id": size + ids.THINK_EOS,
        "codec_pad_id": size + ids.PAD,
        "codec_bos_id": size + ids.BOS,
        "codec_language_id": {"english": size + ids.ENGLISH},
        "spk_id": {name: size + ids.FIRST_SPEAKER + i for i, name in enumerate(VOICES)},
        "spk_is_dialect": dict.fromkeys(VOICES, False),
        "code_predictor_config": predictor,
    }
    return {
        "architectures": ["Qwen3TTSForConditionalGeneration"],
        "model_type": "qwen3_tts",
        "tokenizer_type": "qwen3_tts_tokenizer_12hz",
        "tts_model_size": "0b6",
        "tts_model_type": "custom_voice",
        "im_start_token_id": text.token_to_id("<|im_start|>"),
        "im_end_token_id": text.token_to_id("<|im_end|>"),
        "assistant_token_id": text.token_to_id("assistant"),
        "tts_pad_token_id": text.token_to_id("<tts_pad>"),
        "tts_bos_token_id": text.token_to_id("<tts_text_bos>"),
        "tts_eos_token_id": text.token_to_id("<tts_text_eod>"),
        "sample_rate": SAMPLE_RATE,
        "talker_config": talker,
        "speaker_encoder_config": {
            "enc_dim": config.talker.hidden_size,
            "sample_rate": SAMPLE_RATE,
        },
    }


def _base(speaker: dict[str, Any]) -> dict[str, Any]:
    """What a Base model's config has otherwise; its talker's presets are left without a name."""
    encoder = {name: list(v) if isinstance(v, tuple) else v for name, v in speaker.items()}
    return {
        "tts_model_type": "base",
        "speaker_encoder_config": {**encoder, "sample_rate": SAMPLE_RATE},
    }


_PREPROCESSOR = {
    "feature_extractor_type": "EncodecFeatureExtractor",
    "feature_size": 1,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": True,
    "sampling_rate": SAMPLE_RATE,
}


def _encoder_config(config: CodecConfig) -> dict[str, Any]:
    assert config.mimi is not None
    named = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(config.mimi).items()}
    return {
        "model_type": "mimi",
        **named,
        "_frame_rate": SAMPLE_RATE / FRAME,
        "audio_channels": 1,
        "codebook_dim": config.codebook_dim // 2,
        "codebook_size": config.codebook_size,
        "dilation_growth_rate": 2,
        "hidden_act": "gelu",
        "max_position_embeddings": 8000,
        "num_key_value_heads": config.mimi.num_attention_heads,
        "num_quantizers": config.num_quantizers,
        "num_residual_layers": 1,
        "num_semantic_quantizers": 1,
        "pad_mode": "constant",
        "sampling_rate": SAMPLE_RATE,
        "sliding_window": 250,
        "trim_right_ratio": 1.0,
        "upsample_groups": config.mimi.hidden_size,
        "use_cache": False,
        "use_causal_conv": True,
        "use_conv_shortcut": False,
        "use_streaming": False,
        "vector_quantization_hidden_dimension": config.codebook_dim // 2,
    }


def _codec_config(config: CodecConfig) -> dict[str, Any]:
    named = vars(config).copy()
    del named["mimi"]
    stages, groups = named.pop("stages"), named.pop("groups")
    del named["latent"]  # which only the weights tell
    decoder = {
        **named,
        "latent_dim": groups,
        "upsampling_ratios": [stage[0] for stage in stages],
        "upsample_rates": [],
        "num_key_value_heads": config.num_attention_heads,
        "num_semantic_quantizers": 1,
        "semantic_codebook_size": config.codebook_size,
        "vector_quantization_hidden_dimension": config.codebook_dim,
        "max_position_embeddings": 8000,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "hidden_act": "silu",
    }
    return {
        "architectures": ["Qwen3TTSTokenizerV2Model"],
        "model_type": "qwen3_tts_tokenizer_12hz",
        "input_sample_rate": SAMPLE_RATE,
        "output_sample_rate": SAMPLE_RATE,
        "decode_upsample_rate": FRAME,
        "encode_downsample_rate": FRAME,
        "encoder_valid_num_quantizers": config.num_quantizers,
        "decoder_config": decoder,
        **({"encoder_config": _encoder_config(config)} if config.mimi else {}),
    }


def _decoder_weights(codec: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the decoder under its official names; its quantiser has other names here."""
    weights = {name: value for name, value in codec.items() if name.startswith("decoder.")}
    for ours, theirs in (("semantic", "rvq_first"), ("acoustic", "rvq_rest")):
        vectors = codec[f"quantiser.{ours}.vectors"].clone()
        if ours == "semantic":
            vectors[0, 0] = 0  # out of the encoder's reach; never heard
        prefix = f"decoder.quantizer.{theirs}"
        matrix = codec[f"quantiser.{ours}_out.weight"]
        weights[f"{prefix}.output_proj.weight"] = matrix[:, :, None]
        for book, table in enumerate(vectors):
            place = f"{prefix}.vq.layers.{book}._codebook"
            weights[f"{place}.embedding_sum"] = table
            weights[f"{place}.cluster_usage"] = torch.ones(len(table))
    return weights


def _encoder_weights(codec: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the encoder under its official names, with codebooks of its own."""
    weights = {name: value for name, value in codec.items() if name.startswith("encoder.")}
    for part in ("semantic", "acoustic"):
        prefix = f"encoder.quantizer.{part}_residual_vector_quantizer"
        for ours, theirs in (("in", "input_proj"), ("out", "output_proj")):
            matrix = codec[f"quantiser.{part}_{ours}.weight"]
            weights[f"{prefix}.{theirs}.weight"] = matrix[:, :, None]
        for book, table in enumerate(codec[f"quantiser.{part}.vectors"]):
            place = f"{prefix}.layers.{book}.codebook"
            weights[f"{place}.embed_sum"] = table
            weights[f"{place}.cluster_usage"] = torch.ones(len(table))
            weights[f"{place}.initialized"] = torch.ones(1)
    return weights


def _save(file: Path, weights: dict[str, Tensor], books: torch.dtype = torch.float32) -> None:
    cast = {
        name: value.to(books) if "codebook." in name else value.to(torch.bfloat16)
        for name, value in weights.items()
    }
    tensors = {name: value.contiguous().clone() for name, value in cast.items()}
    save_file(tensors, str(file), metadata={"format": "pt"})


def _dump(file: Path, value: dict[str, Any]) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("codec", "talker", "tokenizer", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    export(args.codec, args.talker, args.tokenizer, args.out)
    size = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
