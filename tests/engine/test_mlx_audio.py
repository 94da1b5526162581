"""The internals of mlx-audio that we use. When its minor version changes, this names what broke."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx import nn
from mlx_audio.tts.models.qwen3_tts import speech_tokenizer, talker
from mlx_audio.tts.utils import load_model

from sidecar.models import catalog


def test_the_minor_version_is_the_pinned_one() -> None:
    assert metadata.version("mlx-audio").startswith("0.6.")


@pytest.fixture(scope="module")
def model(golden: Path):
    return load_model(golden / "base", lazy=True)


def test_a_loaded_model_has_the_parts_we_take(model) -> None:
    assert model.tokenizer.encode("a")
    assert "<|im_end|>" in model.tokenizer.all_special_tokens
    assert isinstance(model.talker, talker.Qwen3TTSTalkerForConditionalGeneration)
    assert model.speaker_encoder is not None
    assert model.speech_tokenizer.decode_upsample_rate == 1920
    assert isinstance(
        model.speech_tokenizer.decoder.modules()[0],
        speech_tokenizer.Qwen3TTSSpeechTokenizerDecoder,
    )


@pytest.mark.parametrize("which", ["model", "code_predictor.model"])
def test_transformer_layers_have_the_names_we_step(model, which: str) -> None:
    decoder = model.talker
    for name in which.split("."):
        decoder = getattr(decoder, name)
    attention = decoder.layers[0].self_attn
    for name in ("num_heads", "num_kv_heads", "head_dim", "scale"):
        assert getattr(attention, name) > 0, name
    for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
        assert type(getattr(attention, name)) is nn.Linear, name
    for name in ("gate_proj", "up_proj", "down_proj"):
        assert type(getattr(decoder.layers[0].mlp, name)) is nn.Linear, name
    layer = decoder.layers[0]
    norms = [attention.q_norm, attention.k_norm, decoder.norm]
    for norm in [*norms, layer.input_layernorm, layer.post_attention_layernorm]:
        assert norm.weight.ndim == 1
        assert norm.eps > 0


def test_talker_and_predictor_have_the_names_we_use(model) -> None:
    assert type(model.talker.codec_head) is nn.Linear
    for name in ("linear_fc1", "linear_fc2", "act_fn"):
        assert callable(getattr(model.talker.text_projection, name)), name
    assert callable(model.talker.model.text_embedding)
    assert model.talker.model.codec_embedding.weight.ndim == 2
    assert model.talker.config.rope_theta > 0
    predictor = model.talker.code_predictor
    assert len(predictor.lm_head) == len(predictor.codec_embedding) == 15
    assert predictor.small_to_mtp_projection is None
    assert predictor.config.rope_theta > 0


def test_the_codec_has_the_order_of_parts_we_restate(model) -> None:
    decoder = model.speech_tokenizer.decoder.modules()[0]
    assert decoder.quantizer.n_q_semantic == 1
    assert decoder.pre_transformer.config.sliding_window == 72
    layer = decoder.pre_transformer.layers[0]
    assert layer.self_attn_layer_scale.scale.shape == layer.mlp_layer_scale.scale.shape
    assert layer.input_layernorm.eps > 0
    kinds = [type(part).__name__ for part in decoder.decoder]
    assert kinds == [
        "DecoderInitialConv", "DecoderBlock", "DecoderBlock",
        "DecoderOutputSnake", "DecoderOutputConv",
    ]  # fmt: skip
    block = [type(part).__name__ for part in decoder.decoder[1].block]
    assert block == ["SnakeBeta", "DecoderBlockUpsample", *["DecoderResidualUnit"] * 3]
    assert [type(part).__name__ for part in decoder.upsample[0]] == [
        "CausalTransposeConv1d", "ConvNeXtBlock",
    ]  # fmt: skip


def test_the_encoder_gives_the_codebooks_that_are_spoken(model) -> None:
    encoder = model.speech_tokenizer.encoder_model
    codes = encoder.encode(mx.zeros((1, 1, 24000)))
    assert codes.shape == (1, 16, 13)


def test_mlx_audio_loads_the_bundled_voice_unmodified() -> None:
    bundled: Any = load_model(catalog.resolve(catalog.BUNDLED).path)
    assert bundled.get_supported_speakers() == ["slt", "rms"]
    assert bundled.speech_tokenizer is not None
