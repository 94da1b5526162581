"""Each tensor of a checkpoint becomes one that qwentts.cpp reads, in the type that it expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import checkpoints, shapes
from bench.gguf_checkpoint import name_of, tensors, type_of
from sidecar.models import catalog

# As qwentts.cpp's loaders ask for them (src/*-weights.h, dac-decoder-v2.h, … at a8a7716).
_LAYER = r"(attn_(q|k|v|output|norm)|ffn_(gate|up|down|norm))\.weight"
_TALKER = (
    r"talker\.((codec|text)_embd|output_norm|codec_head)\.weight",
    r"talker\.text_proj\.fc[12]\.(weight|bias)",
    rf"(talker|code_pred)\.blk\.\d+\.({_LAYER}|attn_[qk]_norm\.weight)",
    r"code_pred\.output_norm\.weight",
    r"code_pred\.mtp_proj\.(weight|bias)",
    r"code_pred\.(codec_embd|lm_head)\.\d+\.weight",
)
_CODEC = (
    r"tok_dec\.vq_(first|rest)\.(\d+\.codebook|output_proj\.weight)",
    r"tok_dec\.pre_conv\.(weight|bias)",
    r"tok_dec\.pre_tfm\.((input|output)_proj\.(weight|bias)|norm\.weight)",
    rf"tok_dec\.pre_tfm\.blk\.\d+\.({_LAYER}|(attn|ffn)_scale)",
    r"tok_dec\.upsample\.\d\.((conv|dwconv|norm|pwconv[12])\.(weight|bias)|gamma)",
    r"tok_dec\.dec\.[06]\.conv\.(weight|bias)",
    r"tok_dec\.dec\.[1-5]\.snake\.(alpha|beta)",
    r"tok_dec\.dec\.[1-4]\.conv_t\.(weight|bias)",
    r"tok_dec\.dec\.[1-4]\.res\.[012]\.(act[12]\.(alpha|beta)|conv[12]\.(weight|bias))",
)


def _codec_names() -> list[str]:
    from mlx_audio.tts.models.qwen3_tts.config import Qwen3TTSTokenizerDecoderConfig
    from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizerDecoder

    # The bundled voice's codec has fewer blocks. The parameters are never evaluated.
    sizes = Qwen3TTSTokenizerDecoderConfig(**shapes.codec("0.6b")["decoder_config"])
    decoder = Qwen3TTSSpeechTokenizerDecoder(sizes)
    stored = [
        tensor.name
        for name, value in checkpoints._parameters(decoder)
        for tensor in checkpoints._codec_tensors(name, value.shape)
    ]
    ignored = ("cluster_usage", ".input_proj.weight")
    return [
        name_of(name).replace(".embedding_sum", "")
        for name in stored
        if not ("quantizer" in name and name.endswith(ignored))
    ]


def _talker_names() -> list[str]:
    return [name for name, _ in tensors(Path(catalog.BUNDLED_PATH) / "model.safetensors")]


@pytest.mark.parametrize(("names_of", "known"), [(_talker_names, _TALKER), (_codec_names, _CODEC)])
def test_every_tensor_has_a_name_that_the_peer_reads(
    names_of: Callable[[], list[str]], known: tuple[str, ...]
) -> None:
    names = names_of()
    assert len(set(names)) == len(names)
    assert [name for name in names if not any(re.fullmatch(one, name) for one in known)] == []
    assert [one for one in known if not any(re.fullmatch(one, name) for name in names)] == []


@pytest.mark.parametrize(
    ("name", "shape", "wanted", "stored"),
    [
        ("talker.blk.0.attn_q.weight", (2048, 1024), "Q8_0", "Q8_0"),
        ("talker.blk.0.attn_q.weight", (2048, 1024), "Q4_K_M", "Q4_K"),
        ("talker.text_embd.weight", (151936, 2048), "Q4_K_M", "Q6_K"),
        ("talker.output_norm.weight", (1024,), "Q8_0", "F32"),
        ("tok_dec.vq_rest.3.codebook", (2048, 256), "Q8_0", "F32"),
        ("tok_dec.pre_conv.weight", (1024, 512, 3), "Q8_0", "F16"),
        ("tok_dec.pre_conv.weight", (1024, 512, 3), "F32", "F32"),
    ],
)
def test_types_are_those_of_the_peers_own_quantiser(
    name: str, shape: tuple[int, ...], wanted: str, stored: str
) -> None:
    assert type_of(name, shape, wanted) == stored
