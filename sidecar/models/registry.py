"""Finds the package that loads a checkpoint, by its model_type. A new family is one row here."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sidecar.errors import NotACheckpoint, Unsupported
from sidecar.models import generators
from sidecar.models.aligners import qwen3 as forced_aligner
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint, quantised
from sidecar.models.protocols import SpeechGenerator, TTSModel
from sidecar.wording import describe_unknown

if TYPE_CHECKING:
    from sidecar.models.aligners.qwen3.aligner import ForcedAligner

# Each package has, without MLX, `describe(checkpoint) -> ModelInfo` and `footprint(checkpoint,
# dtype, bits, on_cpu) -> int`, and `load(checkpoint, dtype, bits) -> TTSModel`.
_FAMILIES = {"qwen3_tts": "sidecar.models.qwen3_tts"}


def is_known(checkpoint: Checkpoint) -> bool:
    """Return whether the family can be loaded; the rest of the config may be wrong."""
    if is_generator(checkpoint) or is_aligner(checkpoint):
        return True
    return str(checkpoint.config.get("model_type")) in _FAMILIES


def describe(checkpoint: Checkpoint) -> ModelInfo:
    """Return what a checkpoint's config says; load no weights, and do not import MLX.

    Raises:
        NotACheckpoint: the config names no known family, or is not valid for it.
    """
    return _family(checkpoint).describe(checkpoint)


def load(checkpoint: Checkpoint, dtype: str, bits: int | None = None) -> TTSModel:
    """Load a model on the calling thread, which must be the engine's.

    Args:
        dtype: auto, float32, bfloat16 or float16; auto is float32 on the CPU and the
            checkpoint's dtype elsewhere.
        bits: 4, 6 or 8 quantises a checkpoint; None leaves it as it is.

    Raises:
        NotACheckpoint: as in `describe`.
        Unsupported: the checkpoint is already quantised to another number of bits.
        ModelLoadFailed: weights are missing, unreadable, or have the wrong shape.
    """
    return _family(checkpoint).load(checkpoint, dtype, _bits_to_make(checkpoint, bits))


def is_generator(checkpoint: Checkpoint) -> bool:
    """Return whether the family is a `SpeechGenerator`: for `generator`, not for `load`."""
    return generators.family_of(checkpoint) is not None


def generator(checkpoint: Checkpoint, dtype: str, bits: int | None = None) -> SpeechGenerator:
    """Load a `SpeechGenerator`; the arguments are those of `load`.

    Raises:
        MissingPackage: a package that the family needs is not installed.
        ModelNotDownloaded: a repository that the family needs is not on this machine.
        ModelLoadFailed, NotACheckpoint, Unsupported
    """
    return generators.load(checkpoint, dtype, _bits_to_make(checkpoint, bits))


def is_aligner(checkpoint: Checkpoint) -> bool:
    """Return whether the model aligns words with speech: for `aligner`, not for `load`."""
    return forced_aligner.is_aligner(checkpoint)


def aligner(checkpoint: Checkpoint, dtype: str, bits: int | None = None) -> ForcedAligner:
    """Load an aligner; the arguments are those of `load`.

    Raises:
        ModelLoadFailed, NotACheckpoint, Unsupported
    """
    return forced_aligner.load(checkpoint, dtype, _bits_to_make(checkpoint, bits))


def repositories_beside(checkpoint: Checkpoint) -> list[str]:
    """Return the other repositories on the hub that a checkpoint is loaded with.

    Raises:
        ModelLoadFailed: its config names a repository that cannot exist.
    """
    return generators.repositories_beside(checkpoint) if is_generator(checkpoint) else []


def footprint(checkpoint: Checkpoint, dtype: str, bits: int | None, on_cpu: bool) -> int:
    """Return how many bytes a checkpoint will take in memory, estimated from its files' headers.

    Raises:
        NotACheckpoint, Unsupported
        MissingPackage, ModelNotDownloaded, ModelLoadFailed: as `generator`, if known in advance.
    """
    bits = _bits_to_make(checkpoint, bits)
    return _family(checkpoint).footprint(checkpoint, dtype, bits, on_cpu)


def convert(checkpoint: Checkpoint, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    """Write a quantised copy into an empty folder.

    Returns:
        how many linear layers are quantised, and how many not

    Raises:
        NotACheckpoint, ModelLoadFailed
        Unsupported: the checkpoint is already quantised, or cannot be.
    """
    if stored_bits(checkpoint) is not None:
        raise Unsupported(
            f"{checkpoint.name!r} is already quantised to {stored_bits(checkpoint)} bits.",
            hint="Name the checkpoint that it was made from.",
            field="model",
        )
    family = _family(checkpoint)
    if not hasattr(family, "convert"):
        raise Unsupported(f"Models of the family of {checkpoint.name!r} cannot be quantised here.")
    return family.convert(checkpoint, bits, group_size, target)


def stored_bits(checkpoint: Checkpoint) -> int | None:
    """Return to how many bits a checkpoint is quantised on disk; None if it is not."""
    bits = (quantised.stored(checkpoint.config) or {}).get("bits")
    return bits if isinstance(bits, int) else None


def _bits_to_make(checkpoint: Checkpoint, bits: int | None) -> int | None:
    stored = stored_bits(checkpoint)
    if bits is not None and stored is not None and bits != stored:
        raise Unsupported(
            f"{checkpoint.name!r} is already quantised to {stored} bits.",
            hint="Load it without `bits`, or name the unquantised checkpoint.",
            field="bits",
        )
    return None if stored is not None else bits


def _family(checkpoint: Checkpoint) -> ModuleType:
    if is_generator(checkpoint):
        return generators
    if is_aligner(checkpoint):
        return forced_aligner
    model_type = str(checkpoint.config.get("model_type", ""))
    if model_type not in _FAMILIES:
        raise _another(checkpoint, model_type)
    return importlib.import_module(_FAMILIES[model_type])


def _another(checkpoint: Checkpoint, model_type: str) -> NotACheckpoint:
    """Return the error for a checkpoint of an unknown family."""
    path = checkpoint.path
    if model_type.startswith("qwen3_tts_tokenizer"):
        return NotACheckpoint(
            f"{path} is only the speech tokenizer of a Qwen3-TTS model.",
            hint="Name the folder of a model, which contains it as speech_tokenizer.",
            field="model",
        )
    known = [*_FAMILIES, *generators.FAMILIES]
    what = describe_unknown("model_type", model_type, known)
    if not model_type:
        what = f"its config.json names no model_type. Known: {', '.join(known)}."
    architectures = checkpoint.config.get("architectures")
    made = (
        f" Its architecture is {architectures[0]}."
        if isinstance(architectures, list) and architectures
        else ""
    )
    return NotACheckpoint(
        f"{path}: {what}{made}",
        hint="Use a checkpoint of Qwen3-TTS, such as 0.6b-customvoice, or of another known family.",
        field="model",
    )
