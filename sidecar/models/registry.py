"""model_type → the package that loads it. A new family is one row here."""

from __future__ import annotations

import importlib
from types import ModuleType

from sidecar.errors import NotACheckpoint, unlisted
from sidecar.models.base import ModelInfo, TTSModel
from sidecar.models.catalog import Checkpoint

# Each package has `describe(config) -> ModelInfo` (without MLX) and
# `load(checkpoint, dtype) -> TTSModel`.
_FAMILIES = {"qwen3_tts": "sidecar.models.qwen3_tts"}


def families() -> frozenset[str]:
    """The values of `model_type` that can be loaded."""
    return frozenset(_FAMILIES)


def describe(checkpoint: Checkpoint) -> ModelInfo:
    """Reads what a checkpoint's config says; loads no weights and does not import MLX.

    Raises:
        NotACheckpoint: the config names no family we know, or is not one of its configs.
    """
    return _family(checkpoint).describe(checkpoint)


def load(checkpoint: Checkpoint, dtype: str) -> TTSModel:
    """Loads weights on the calling thread, which must be the engine's.

    Args:
        dtype: auto, float32, bfloat16 or float16; auto is float32 on the CPU and the
            checkpoint's own elsewhere.

    Raises:
        NotACheckpoint: as in `describe`.
        ModelLoadFailed: weights missing, of the wrong shape, or unreadable.
    """
    return _family(checkpoint).load(checkpoint, dtype)


def _family(checkpoint: Checkpoint) -> ModuleType:
    model_type = str(checkpoint.config.get("model_type", ""))
    if model_type not in _FAMILIES:
        raise NotACheckpoint(
            f"{checkpoint.path}: " + unlisted("model_type", model_type, sorted(_FAMILIES)),
            field="model",
        )
    return importlib.import_module(_FAMILIES[model_type])
