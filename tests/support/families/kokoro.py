"""Kokoro: its decoder's sizes are fixed."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx

from tests.support.families.files import save_as_on_the_hub, write_config


def write(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.kokoro import Model, ModelConfig

    signs = ' ;:,.!?—…"()aeiouəɛɔɾɡθðʃʧʤɲʎɣβxlmnprstbdfkjwzˈˌː'
    config = write_config(
        folder,
        {
            "istftnet": {
                "upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6],
                "gen_istft_hop_size": 5, "gen_istft_n_fft": 20,
                "resblock_dilation_sizes": [[1, 3, 5]], "resblock_kernel_sizes": [3],
                "upsample_initial_channel": 512,
            },
            "dim_in": 16, "dropout": 0.0, "hidden_dim": 512, "max_conv_dim": 512, "max_dur": 1,
            "multispeaker": True, "n_layer": 1, "n_mels": 80, "n_token": len(signs) + 1,
            "style_dim": 128, "text_encoder_kernel_size": 5,
            "plbert": {
                "hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 64,
                "max_position_embeddings": 512, "num_hidden_layers": 1, "dropout": 0.0,
                "embedding_size": 32,
            },
            "vocab": {sign: at + 1 for at, sign in enumerate(signs)},
        },
    )  # fmt: skip
    save_as_on_the_hub(folder / "model.safetensors", Model(ModelConfig.from_dict(config)))
    (folder / "voices").mkdir()
    for voice in ("ef_dora", "em_alex", "af_heart"):
        pack = mx.random.normal((510, 1, 256)) * 0.1
        mx.save_safetensors(str(folder / "voices" / f"{voice}.safetensors"), {"voice": pack})
