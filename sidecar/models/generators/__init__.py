"""The families that run by mlx-audio's `generate`: one adapter for all of them, and a table."""

from __future__ import annotations

from sidecar.errors import Unsupported
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.footprint import stored, tensors, total
from sidecar.models.generators.families import FAMILIES, Family, family_of
from sidecar.models.protocols import SpeechGenerator

__all__ = [
    "FAMILIES",
    "Family",
    "describe",
    "family_of",
    "footprint",
    "load",
    "repositories_beside",
]

# Activations of a sentence that is generated as a whole, and the codec beside the checkpoint.
_BESIDES = 1.1


def describe(checkpoint: Checkpoint) -> ModelInfo:
    return _family(checkpoint).describe(checkpoint)


def repositories_beside(checkpoint: Checkpoint) -> list[str]:
    from sidecar.models.generators import local  # huggingface_hub is slow to import

    return [beside.repo for beside in local.needed(_family(checkpoint), checkpoint)]


def footprint(checkpoint: Checkpoint, dtype: str, bits: int | None, on_cpu: bool) -> int:
    _check_bits(checkpoint, bits)
    # Checked here, before other models are unloaded for one that cannot be loaded.
    from sidecar.models.generators import local  # huggingface_hub is slow to import

    local.check(_family(checkpoint), checkpoint)
    dtype = "float32" if dtype == "auto" and on_cpu else dtype
    return int(total(tensors(checkpoint.path), lambda tensor: stored(tensor, dtype)) * _BESIDES)


def load(checkpoint: Checkpoint, dtype: str, bits: int | None) -> SpeechGenerator:
    _check_bits(checkpoint, bits)
    from sidecar.models.generators.adapter import Generator  # imports MLX

    return Generator.load(checkpoint, _family(checkpoint), dtype)


def _family(checkpoint: Checkpoint) -> Family:
    family = family_of(checkpoint)
    assert family is not None
    return family


def _check_bits(checkpoint: Checkpoint, bits: int | None) -> None:
    if bits is not None:
        raise Unsupported(
            f"Models of the family of {checkpoint.name!r} cannot be quantised here.",
            hint="Name a quantised checkpoint of the family.",
            field="bits",
        )
