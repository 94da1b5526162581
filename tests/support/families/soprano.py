"""Soprano."""

from __future__ import annotations

from pathlib import Path

from tests.support.families.files import save, write_config, write_tokenizer


def write(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.soprano import Model, ModelConfig

    write_tokenizer(folder, ["[STOP]", "[TEXT]", "[START]"], eos_token="[STOP]", pad_token="[STOP]")
    config = write_config(
        folder,
        {
            "model_type": "soprano",
            "hidden_size": 64,
            "num_hidden_layers": 1,
            "intermediate_size": 64,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 32,
            "rms_norm_eps": 1e-6,
            "vocab_size": 300,
            "max_position_embeddings": 512,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
        },
    )
    save(
        folder / "model.safetensors",
        Model(ModelConfig.from_dict({**config, "model_path": str(folder)})),
    )
