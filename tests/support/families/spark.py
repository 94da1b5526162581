"""Spark: a language model, and beside it BiCodec and wav2vec 2.0 in folders of the checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import yaml

from tests.support.families.files import (
    Weights,
    parameters,
    unsanitized,
    write_config,
    write_tokenizer,
)

_CODES = 64
_CONTENT = [f"<|bicodec_semantic_{at}|>" for at in range(_CODES)]
_VOICE = [f"<|bicodec_global_{at}|>" for at in range(4**3)]
_WIDTH = 32


def write(folder: Path, cache: Path) -> None:
    _language_model(folder)
    _bicodec(folder / "BiCodec")
    _wav2vec(folder / "wav2vec2-large-xlsr-53")
    whole = {
        "sample_rate": 16000,
        "ref_segment_duration": 6,
        "latent_hop_length": 320,
        "volume_normalize": True,
    }
    (folder / "audio_tokenizer_config.yaml").write_text(yaml.safe_dump(whole))


def _language_model(folder: Path) -> None:
    from mlx_audio.tts.models.spark import Model, ModelConfig

    words = (
        "task_tts", "task_controllable_tts", "start_content", "end_content",
        "start_style_label", "end_style_label", "start_global_token", "end_global_token",
        "start_semantic_token", "end_semantic_token",
        *(f"gender_{at}" for at in range(2)),
        *(f"{label}_label_{at}" for label in ("pitch", "speed") for at in range(5)),
    )  # fmt: skip
    special = ["<|endoftext|>", "<|im_end|>", *(f"<|{word}|>" for word in words)]
    special += [*_VOICE, *_CONTENT]
    write_tokenizer(folder, special, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    number = {token: 256 + at for at, token in enumerate(special)}
    config = write_config(
        folder,
        {
            "model_type": "qwen2",  # as the converted checkpoints have it
            "sample_rate": 16000,
            "hidden_size": _WIDTH,
            "num_hidden_layers": 1,
            "intermediate_size": _WIDTH,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rms_norm_eps": 1e-6,
            "vocab_size": 256 + len(special),
            "max_position_embeddings": 4096,
            "tie_word_embeddings": False,
            "eos_token_id": number["<|im_end|>"],
        },
    )
    weights = dict(parameters(Model(ModelConfig.from_dict(config))))
    _teach(weights, number)
    mx.save_safetensors(str(folder / "model.safetensors"), weights)


def _teach(weights: Weights, number: dict[str, int]) -> None:
    """Fix which kind of token follows which; the token of that kind stays random.

    The codec takes an exact number of the voice's tokens, and a random model does not count.
    """
    first, second = _VOICE[::2], _VOICE[1::2]
    follows = (
        (["<|end_style_label|>"], ["<|start_global_token|>"]),
        (["<|start_global_token|>"], first),
        (first, second),
        (second, ["<|end_global_token|>"]),
        (["<|end_global_token|>", *_CONTENT], _CONTENT),
    )
    shape = weights["lm_head.weight"].shape
    embedding, head = mx.random.normal(shape) * 0.3, mx.random.normal(shape) * 0.3
    for kind, (before, after) in enumerate(follows):
        embedding[mx.array([number[token] for token in before]), kind] = 9.0
        head[mx.array([number[token] for token in after]), kind] = 9.0
    weights["model.embed_tokens.weight"], weights["lm_head.weight"] = embedding, head


def _bicodec(folder: Path) -> None:
    from mlx_audio.tts.models.spark.bicodec import BiCodec
    from mlx_audio.tts.models.spark.modules.encoder_decoder.feat_decoder import Decoder
    from mlx_audio.tts.models.spark.modules.encoder_decoder.feat_encoder import Encoder
    from mlx_audio.tts.models.spark.modules.encoder_decoder.wave_generator import WaveGenerator
    from mlx_audio.tts.models.spark.modules.residual import FactorizedVectorQuantize
    from mlx_audio.tts.models.spark.modules.speaker.speaker_encoder import SpeakerEncoder

    net: dict[str, Any] = {
        "input_channels": _WIDTH, "out_channels": _WIDTH, "vocos_dim": 16,
        "vocos_intermediate_dim": 16, "vocos_num_layers": 1, "sample_ratios": [1, 1],
    }  # fmt: skip
    config: dict[str, Any] = {
        "mel_params": {
            "sample_rate": 16000, "n_fft": 1024, "win_length": 640, "hop_length": 320,
            "mel_fmin": 10, "mel_fmax": None, "num_mels": 128,
        },
        "encoder": net,
        "decoder": {
            "input_channel": _WIDTH, "channels": 128,
            "rates": [8, 5, 4, 2], "kernel_sizes": [16, 11, 8, 4],
        },
        "quantizer": {
            "input_dim": _WIDTH, "codebook_size": _CODES, "codebook_dim": 8, "commitment": 0.25,
        },
        "speaker_encoder": {
            "input_dim": 128, "out_dim": _WIDTH, "latent_dim": 16, "token_num": 2,
            "fsq_levels": [4, 4, 4], "fsq_num_quantizers": 1,
        },
        "prenet": {**net, "condition_dim": _WIDTH},
        "postnet": net,
    }  # fmt: skip
    parts = {
        "encoder": Encoder(**config["encoder"]),
        "decoder": WaveGenerator(**config["decoder"]),
        "quantizer": FactorizedVectorQuantize(**config["quantizer"]),
        "speaker_encoder": SpeakerEncoder(**config["speaker_encoder"]),
        "prenet": Decoder(**config["prenet"]),
        "postnet": Decoder(**config["postnet"]),
    }

    def sanitize(weights: Weights) -> Weights:
        for name in ("encoder", "decoder", "quantizer", "speaker_encoder"):
            weights = parts[name].sanitize(weights)  # pyright: ignore[reportCallIssue]
        return weights

    folder.mkdir()
    text = yaml.safe_dump({"audio_tokenizer": config})
    (folder / "config.yaml").write_text(text)
    weights = {}
    for name, value in parameters(BiCodec(config["mel_params"], **parts)):
        name = name.replace(".block.layers.", ".block.")  # as PyTorch names them
        weights[name] = unsanitized(name, value, sanitize)
    mx.save_safetensors(str(folder / "model.safetensors"), weights)


def _wav2vec(folder: Path) -> None:
    from mlx_audio.stt.models.wav2vec.wav2vec import ModelConfig, Wav2Vec2Model

    folder.mkdir()
    config = write_config(
        folder,
        {
            "model_type": "wav2vec2",
            "hidden_size": _WIDTH,
            "num_hidden_layers": 17,  # BiCodec listens to the sixteenth
            "num_attention_heads": 2,
            "intermediate_size": _WIDTH,
            "feat_extract_norm": "layer",
            "do_stable_layer_norm": True,
            "conv_dim": [8] * 7,
            "conv_bias": True,
        },
    )
    heard = {"do_normalize": True, "feature_size": 1, "padding_value": 0, "sampling_rate": 16000}
    (folder / "preprocessor_config.json").write_text(json.dumps(heard))
    weights = {}
    for name, value in parameters(Wav2Vec2Model(ModelConfig.from_dict(config))):
        turned = name.endswith((".conv.weight", ".conv.weight_v", ".conv.weight_g"))
        weights[name] = value.swapaxes(1, 2) if turned else value
    mx.save_safetensors(str(folder / "model.safetensors"), weights)
