"""Dia."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from tests.support.families.dac import TINY, dac
from tests.support.families.files import in_cache, save, write_config

_LAYERS = {"n_layer": 1, "n_embd": 32, "n_hidden": 64}
_TINY: dict[str, Any] = {
    "encoder": {**_LAYERS, "n_head": 2, "head_dim": 16},
    "decoder": {
        **_LAYERS,
        "gqa_query_heads": 2,
        "kv_heads": 2,
        "gqa_head_dim": 16,
        "cross_query_heads": 2,
        "cross_head_dim": 16,
    },
}


def write(
    folder: Path,
    cache: Path,
    *,
    layers: dict[str, Any] = _TINY,
    lengths: tuple[int, int] = (128, 128),
    codec: dict[str, int] = TINY,
    dtype: mx.Dtype = mx.float32,
) -> None:
    from mlx_audio.tts.models.dia.config import DiaConfig
    from mlx_audio.tts.models.dia.layers import DiaModel

    text, audio = lengths
    config = write_config(
        folder,
        {
            "model_type": "dia",
            "version": "1.0",
            "model": {**layers, "src_vocab_size": 256, "tgt_vocab_size": 1028},
            "training": {},
            "data": {"text_length": text, "audio_length": audio},
        },
    )
    sizes = DiaConfig.load_dict(config)
    assert sizes is not None
    model = DiaModel(sizes)
    model.set_dtype(dtype)
    save(folder / "model.safetensors", model)
    dac(
        in_cache(cache, "mlx-community/descript-audio-codec-44khz"),
        encoder_rates=[2, 4, 8, 8],
        decoder_rates=[8, 8, 4, 2],
        n_codebooks=9,
        **codec,
    )
