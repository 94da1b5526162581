"""Dia."""

from __future__ import annotations

from pathlib import Path

from tests.support.families.dac import dac
from tests.support.families.files import in_cache, save, write_config


def write(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.dia.config import DiaConfig
    from mlx_audio.tts.models.dia.layers import DiaModel

    layers = {"n_layer": 1, "n_embd": 32, "n_hidden": 64}
    config = write_config(
        folder,
        {
            "model_type": "dia",
            "version": "1.0",
            "model": {
                "encoder": {**layers, "n_head": 2, "head_dim": 16},
                "decoder": {
                    **layers,
                    "gqa_query_heads": 2,
                    "kv_heads": 2,
                    "gqa_head_dim": 16,
                    "cross_query_heads": 2,
                    "cross_head_dim": 16,
                },
                "src_vocab_size": 256,
                "tgt_vocab_size": 1028,
            },
            "training": {},
            "data": {"text_length": 128, "audio_length": 128},
        },
    )
    sizes = DiaConfig.load_dict(config)
    assert sizes is not None
    save(folder / "model.safetensors", DiaModel(sizes))
    dac(
        in_cache(cache, "mlx-community/descript-audio-codec-44khz"),
        encoder_rates=[2, 4, 8, 8],
        decoder_rates=[8, 8, 4, 2],
        n_codebooks=9,
    )
