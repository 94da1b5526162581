"""Descript's codec, which Dia and OuteTTS read from repositories of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.families.files import save, write_config

TINY = {"encoder_dim": 4, "decoder_dim": 32, "codebook_dim": 4, "latent_dim": 16}


def dac(snapshot: Path, **sizes: Any) -> None:
    from mlx_audio.codec.models import DAC

    write_config(snapshot, sizes)
    save(snapshot / "model.safetensors", DAC(**sizes))
