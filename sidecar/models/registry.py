"""model_type → the package that loads it. A new family is one row here."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from sidecar.errors import NotACheckpoint, Unsupported
from sidecar.models import generators
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint, quantised
from sidecar.models.protocols import SpeechGenerator, TTSModel
from sidecar.wording import describe_unknown

# Each package has, without MLX, `describe(checkpoint) -> ModelInfo` and `footprint(checkpoint,
# dtype, bits, on_cpu) -> int`, and `load(checkpoint, dtype, bits) -> TTSModel`.
_FAMILIES = {"qwen3_tts": "sidecar.models.qwen3_tts"}


def is_known(checkpoint: Checkpoint) -> bool:
    """Whether it is of a family that can be loaded; the rest of its config may be wrong."""
    return is_generator(checkpoint) or str(checkpoint.config.get("model_type")) in _FAMILIES


def describe(checkpoint: Checkpoint) -> ModelInfo:
    """Reads what a checkpoint's config says; loads no weights and does not import MLX.

    Raises:
        NotACheckpoint: the config names no family we know, or is not one of its configs.
    """
    return _family(checkpoint).describe(checkpoint)


def load(checkpoint: Checkpoint, dtype: str, bits: int | None = None) -> TTSModel:
    """Loads weights on the calling thread, which must be the engine's.

    Args:
        dtype: auto, float32, bfloat16 or float16; auto is float32 on the CPU and the
            checkpoint's own elsewhere.
        bits: 4, 6 or 8 quantises what is not quantised; None leaves it as it is.

    Raises:
        NotACheckpoint: as in `describe`.
        Unsupported: it is quantised already, to another number of bits.
        ModelLoadFailed: weights missing, of the wrong shape, or unreadable.
    """
    return _family(checkpoint).load(checkpoint, dtype, _bits_to_make(checkpoint, bits))


def is_generator(checkpoint: Checkpoint) -> bool:
    """Whether it is of a family that speaks by itself: for `generator`, not for `load`."""
    return generators.family_of(checkpoint) is not None


def generator(checkpoint: Checkpoint, dtype: str, bits: int | None = None) -> SpeechGenerator:
    """Loads a family that speaks by itself; as `load`.

    Raises:
        MissingPackage: a package that it needs is not installed.
        ModelNotDownloaded: a repository that it needs is not on this machine.
        ModelLoadFailed, NotACheckpoint, Unsupported
    """
    return generators.load(checkpoint, dtype, _bits_to_make(checkpoint, bits))


def footprint(checkpoint: Checkpoint, dtype: str, bits: int | None, on_cpu: bool) -> int:
    """Bytes that a checkpoint will take in memory, estimated from its files' headers.

    Raises:
        NotACheckpoint, Unsupported
        MissingPackage, ModelNotDownloaded, ModelLoadFailed: as `generator`, as far as it is known.
    """
    bits = _bits_to_make(checkpoint, bits)
    return _family(checkpoint).footprint(checkpoint, dtype, bits, on_cpu)


def convert(checkpoint: Checkpoint, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    """Writes a quantised copy into an empty folder → linear layers quantised, and left.

    Raises:
        NotACheckpoint, ModelLoadFailed
        Unsupported: it is quantised already, or cannot be.
    """
    if stored_bits(checkpoint) is not None:
        raise Unsupported(
            f"{checkpoint.name!r} is quantised to {stored_bits(checkpoint)} bits already.",
            hint="Name the checkpoint that it was made of.",
            field="model",
        )
    family = _family(checkpoint)
    if not hasattr(family, "convert"):
        raise Unsupported(f"{checkpoint.name!r} is of a family that is not quantised here.")
    return family.convert(checkpoint, bits, group_size, target)


def stored_bits(checkpoint: Checkpoint) -> int | None:
    """What it is quantised to on disk."""
    bits = (quantised.stored(checkpoint.config) or {}).get("bits")
    return bits if isinstance(bits, int) else None


def _bits_to_make(checkpoint: Checkpoint, bits: int | None) -> int | None:
    stored = stored_bits(checkpoint)
    if bits is not None and stored is not None and bits != stored:
        raise Unsupported(
            f"{checkpoint.name!r} is quantised to {stored} bits already.",
            hint="Load it without `bits`, or name the unquantised checkpoint.",
            field="bits",
        )
    return None if stored is not None else bits


def _family(checkpoint: Checkpoint) -> ModuleType:
    if is_generator(checkpoint):
        return generators
    model_type = str(checkpoint.config.get("model_type", ""))
    if model_type not in _FAMILIES:
        raise _another(checkpoint, model_type)
    return importlib.import_module(_FAMILIES[model_type])


def _another(checkpoint: Checkpoint, model_type: str) -> NotACheckpoint:
    """Return the error for a checkpoint of a family that is not spoken here."""
    path = checkpoint.path
    if model_type.startswith("qwen3_tts_tokenizer"):
        return NotACheckpoint(
            f"{path} is the speech tokenizer of Qwen3-TTS and no model that speaks.",
            hint="Name the folder of a model that has it inside, as speech_tokenizer.",
            field="model",
        )
    known = [*_FAMILIES, *generators.FAMILIES]
    what = describe_unknown("model_type", model_type, known)
    if not model_type:
        what = f"its config.json names no model_type. Known: {', '.join(known)}."
    architectures = checkpoint.config.get("architectures")
    made = (
        f" It is a {architectures[0]}." if isinstance(architectures, list) and architectures else ""
    )
    return NotACheckpoint(
        f"{path}: {what}{made}",
        hint="Take a checkpoint of Qwen3-TTS, such as 0.6b-customvoice, or of one of the others.",
        field="model",
    )
