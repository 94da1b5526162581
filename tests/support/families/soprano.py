"""Soprano."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from tests.support.families.files import save, write_config, write_tokenizer

_TINY: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 1,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "vocab_size": 300,
}


def write(
    folder: Path,
    cache: Path,
    *,
    layers: dict[str, Any] = _TINY,
    dtype: mx.Dtype = mx.float32,
) -> None:
    from mlx_audio.tts.models.soprano import Model, ModelConfig

    write_tokenizer(folder, ["[STOP]", "[TEXT]", "[START]"], eos_token="[STOP]", pad_token="[STOP]")
    config = write_config(
        folder,
        {
            "model_type": "soprano",
            **layers,
            "rms_norm_eps": 1e-6,
            "max_position_embeddings": 512,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
        },
    )
    model = Model(ModelConfig.from_dict({**config, "model_path": str(folder)}))
    model.set_dtype(dtype)
    save(folder / "model.safetensors", model)
