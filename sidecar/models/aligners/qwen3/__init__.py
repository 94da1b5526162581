"""Qwen3-ForcedAligner: finds the words of eleven languages in speech, to 80 ms.

`describe` and `footprint` read a checkpoint without MLX; `load` is for the engine thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sidecar.errors import NotACheckpoint, Unsupported
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.footprint import stored, tensors, total

if TYPE_CHECKING:
    from sidecar.models.aligners.qwen3.aligner import ForcedAligner

FAMILY = "qwen3_forced_aligner"
SAMPLE_RATE = 16000
# The official list.
_LANGUAGES = (
    "chinese", "english", "cantonese", "french", "german", "italian", "japanese", "korean",
    "portuguese", "russian", "spanish",
)  # fmt: skip
# Activations of eight seconds of audio, and of the text of a minute.
_BESIDES = 1.1


def is_aligner(checkpoint: Checkpoint) -> bool:
    """Return whether a checkpoint is one, by its model type or by that of the part that thinks.

    The official config.json has the type of the family's recogniser at its root.
    """
    thinker = checkpoint.config.get("thinker_config")
    inner = thinker.get("model_type") if isinstance(thinker, dict) else None
    return FAMILY in (checkpoint.config.get("model_type"), inner)


def describe(checkpoint: Checkpoint) -> ModelInfo:
    """Return what the config says.

    Raises:
        NotACheckpoint: a part of it is missing.
    """
    _check_parts(checkpoint)
    return ModelInfo(
        family=FAMILY,
        variant=FAMILY,
        sample_rate=SAMPLE_RATE,
        voices=(),
        languages=_LANGUAGES,
        abilities=("aligning",),
    )


def _check_parts(checkpoint: Checkpoint) -> None:
    config: dict[str, Any] = checkpoint.config
    thinker = config.get("thinker_config", config)
    for name in ("audio_config", "text_config"):
        if not isinstance(thinker.get(name), dict):
            raise NotACheckpoint(
                f"{checkpoint.path}/config.json has no {name}.",
                hint="Get the checkpoint of the aligner again, with all its files.",
                field="model",
            )


def footprint(checkpoint: Checkpoint, dtype: str, bits: int | None, on_cpu: bool) -> int:
    """Return how many bytes it will take in memory."""
    _check_bits(checkpoint, bits)
    dtype = "float32" if dtype == "auto" and on_cpu else dtype
    return int(total(tensors(checkpoint.path), lambda tensor: stored(tensor, dtype)) * _BESIDES)


def load(checkpoint: Checkpoint, dtype: str, bits: int | None) -> ForcedAligner:
    """Load the network.

    Raises:
        ModelLoadFailed: weights or the tokenizer are missing, unreadable, or do not fit.
    """
    _check_bits(checkpoint, bits)
    from sidecar.models.aligners.qwen3.aligner import ForcedAligner  # imports MLX

    return ForcedAligner.load(checkpoint, describe(checkpoint), dtype)


def _check_bits(checkpoint: Checkpoint, bits: int | None) -> None:
    if bits is not None:
        raise Unsupported(
            f"The aligner {checkpoint.name!r} cannot be quantised here.",
            hint="Name a quantised checkpoint of it.",
            field="bits",
        )
