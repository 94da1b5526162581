"""Qwen3-TTS on mlx-audio's modules: prompt → talker (codes) → codec (samples)."""

from __future__ import annotations

from pathlib import Path

from sidecar.models import deferred
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.protocols import TTSModel
from sidecar.models.qwen3_tts import config, memory


def describe(checkpoint: Checkpoint) -> ModelInfo:
    return config.read(checkpoint).info


def footprint(checkpoint: Checkpoint, dtype: str, bits: int | None, on_cpu: bool) -> int:
    return memory.footprint(checkpoint, dtype, bits, on_cpu)


def load(checkpoint: Checkpoint, dtype: str, bits: int | None) -> TTSModel:
    # MLX comes in here, on the engine thread, and not with `describe`.
    with deferred.narrow_imports():
        from sidecar.models.qwen3_tts.model import Qwen3TTS

    return Qwen3TTS.load(checkpoint, dtype, bits)


def convert(checkpoint: Checkpoint, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    with deferred.narrow_imports():
        from sidecar.models.qwen3_tts.conversion import write

    return write(checkpoint, bits, group_size, target)
