"""Spark: a language model, and beside it BiCodec and wav2vec 2.0 in folders of the checkpoint."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Sizes:
    """Sizes of the three models.

    Attributes:
        layers: of the language model.
        vocabulary: the least number of rows of its embedding.
        codes: how many semantic tokens there are.
        voice_tokens, levels: a voice is so many tokens of 4 ** levels kinds.
        width: of BiCodec's features.
        vocos: width, inner width and layers of its networks.
        postnet_layers: layers of the last of them.
        channels, latent: of the wave generator and of the speaker encoder.
        listener: of wav2vec 2.0.
        dtype: of the language model's weights.
    """

    layers: dict[str, int]
    vocabulary: int
    codes: int
    voice_tokens: int
    levels: int
    width: int
    vocos: tuple[int, int, int]
    postnet_layers: int
    channels: int
    latent: int
    listener: dict[str, Any]
    dtype: mx.Dtype

    @property
    def content(self) -> list[str]:
        return [f"<|bicodec_semantic_{at}|>" for at in range(self.codes)]

    @property
    def voice(self) -> list[str]:
        return [f"<|bicodec_global_{at}|>" for at in range(4**self.levels)]


_TINY = Sizes(
    layers={
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    },
    vocabulary=0,
    codes=64,
    voice_tokens=2,
    levels=3,
    width=32,
    vocos=(16, 16, 1),
    postnet_layers=1,
    channels=128,
    latent=16,
    listener={
        "hidden_size": 32,
        "num_hidden_layers": 17,  # BiCodec listens to the sixteenth
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "conv_dim": [8] * 7,
    },
    dtype=mx.float32,
)


def write(folder: Path, cache: Path, *, sizes: Sizes = _TINY) -> None:
    _language_model(folder, sizes)
    _bicodec(folder / "BiCodec", sizes)
    _wav2vec(folder / "wav2vec2-large-xlsr-53", sizes)
    whole = {
        "sample_rate": 16000,
        "ref_segment_duration": 6,
        "latent_hop_length": 320,
        "volume_normalize": True,
    }
    (folder / "audio_tokenizer_config.yaml").write_text(yaml.safe_dump(whole))


def _language_model(folder: Path, sizes: Sizes) -> None:
    from mlx_audio.tts.models.spark import Model, ModelConfig

    words = (
        "task_tts", "task_controllable_tts", "start_content", "end_content",
        "start_style_label", "end_style_label", "start_global_token", "end_global_token",
        "start_semantic_token", "end_semantic_token",
        *(f"gender_{at}" for at in range(2)),
        *(f"{label}_label_{at}" for label in ("pitch", "speed") for at in range(5)),
    )  # fmt: skip
    special = ["<|endoftext|>", "<|im_end|>", *(f"<|{word}|>" for word in words)]
    special += [*sizes.voice, *sizes.content]
    write_tokenizer(folder, special, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    number = {token: 256 + at for at, token in enumerate(special)}
    config = write_config(
        folder,
        {
            "model_type": "qwen2",  # as the converted checkpoints have it
            "sample_rate": 16000,
            **sizes.layers,
            "rms_norm_eps": 1e-6,
            "vocab_size": max(sizes.vocabulary, 256 + len(special)),
            "max_position_embeddings": 4096,
            "tie_word_embeddings": False,
            "eos_token_id": number["<|im_end|>"],
        },
    )
    weights = dict(parameters(Model(ModelConfig.from_dict(config))))
    _teach(weights, number, sizes)
    weights = {name: value.astype(sizes.dtype) for name, value in weights.items()}
    mx.save_safetensors(str(folder / "model.safetensors"), weights)


def _teach(weights: Weights, number: dict[str, int], sizes: Sizes) -> None:
    """Fix which kind of token follows which; the token of that kind stays random.

    The codec takes an exact number of the voice's tokens, and a random model does not count. What
    the layers add is made small, so that a token is still known behind them.
    """
    for name in weights:
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            weights[name] *= 0.01
    voice = [sizes.voice[at :: sizes.voice_tokens] for at in range(sizes.voice_tokens)]
    row = [["<|end_style_label|>"], ["<|start_global_token|>"], *voice, ["<|end_global_token|>"]]
    content = sizes.content
    follows = (*itertools.pairwise(row), ([*row[-1], *content], content))
    shape = weights["lm_head.weight"].shape
    embedding, head = mx.random.normal(shape) * 0.3, mx.random.normal(shape) * 0.3
    for kind, (before, after) in enumerate(follows):
        embedding[mx.array([number[token] for token in before]), kind] = 9.0
        head[mx.array([number[token] for token in after]), kind] = 9.0
    weights["model.embed_tokens.weight"], weights["lm_head.weight"] = embedding, head


def _bicodec(folder: Path, sizes: Sizes) -> None:
    from mlx_audio.tts.models.spark.bicodec import BiCodec
    from mlx_audio.tts.models.spark.modules.encoder_decoder.feat_decoder import Decoder
    from mlx_audio.tts.models.spark.modules.encoder_decoder.feat_encoder import Encoder
    from mlx_audio.tts.models.spark.modules.encoder_decoder.wave_generator import WaveGenerator
    from mlx_audio.tts.models.spark.modules.residual import FactorizedVectorQuantize
    from mlx_audio.tts.models.spark.modules.speaker.speaker_encoder import SpeakerEncoder

    width = sizes.width
    vocos, inner, layers = sizes.vocos
    net: dict[str, Any] = {
        "input_channels": width, "out_channels": width, "vocos_dim": vocos,
        "vocos_intermediate_dim": inner, "vocos_num_layers": layers, "sample_ratios": [1, 1],
    }  # fmt: skip
    config: dict[str, Any] = {
        "mel_params": {
            "sample_rate": 16000, "n_fft": 1024, "win_length": 640, "hop_length": 320,
            "mel_fmin": 10, "mel_fmax": None, "num_mels": 128,
        },
        "encoder": net,
        "decoder": {
            "input_channel": width, "channels": sizes.channels,
            "rates": [8, 5, 4, 2], "kernel_sizes": [16, 11, 8, 4],
        },
        "quantizer": {
            "input_dim": width, "codebook_size": sizes.codes, "codebook_dim": 8,
            "commitment": 0.25,
        },
        "speaker_encoder": {
            "input_dim": 128, "out_dim": width, "latent_dim": sizes.latent,
            "token_num": sizes.voice_tokens, "fsq_levels": [4] * sizes.levels,
            "fsq_num_quantizers": 1,
        },
        "prenet": {**net, "condition_dim": width},
        "postnet": {**net, "vocos_num_layers": sizes.postnet_layers},
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


def _wav2vec(folder: Path, sizes: Sizes) -> None:
    from mlx_audio.stt.models.wav2vec.wav2vec import ModelConfig, Wav2Vec2Model

    folder.mkdir()
    config = write_config(
        folder,
        {
            "model_type": "wav2vec2",
            **sizes.listener,
            "feat_extract_norm": "layer",
            "do_stable_layer_norm": True,
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
