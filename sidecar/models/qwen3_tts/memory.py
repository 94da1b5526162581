"""How much memory a Qwen3-TTS checkpoint takes once it is loaded. Does not import MLX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sidecar.models.checkpoint import Checkpoint, quantised
from sidecar.models.checkpoint import footprint as headers
from sidecar.models.checkpoint.footprint import DTYPE_BYTES, stored
from sidecar.models.checkpoint.weights import Tensor, read_headers, weight_files

GROUP_SIZE = 64
_SKIPPED = ("codec_embedding", "text_embedding", "speech_tokenizer", "speaker_encoder")
_FLOAT32 = 4
# For tables of rotations, masks, and the codebooks in the predictor's width.
_BESIDES = 1.03


def footprint(checkpoint: Checkpoint, dtype: str, bits: int | None, on_cpu: bool) -> int:
    """Return the bytes in memory, estimated from the headers.

    Raises:
        NotACheckpoint: a file is missing, or has no readable header.
    """
    if dtype == "auto" and on_cpu:
        dtype = "float32"
    packed = quantised.stored(checkpoint.config) or {}
    total = headers.total(
        tensors(checkpoint), lambda tensor: _bytes(tensor, dtype, bits, on_cpu, packed)
    )
    return int(total * _BESIDES)


def tensors(checkpoint: Checkpoint) -> Iterator[Tensor]:
    """Yield the tensors of the model's weight files, then those of its speech tokenizer's.

    Raises:
        NotACheckpoint: a file is missing, or has no readable header.
    """
    for folder in (checkpoint.path, checkpoint.path / "speech_tokenizer"):
        yield from read_headers(checkpoint.path, weight_files(folder))


def _bytes(
    tensor: Tensor, dtype: str, bits: int | None, on_cpu: bool, packed: dict[str, Any]
) -> float:
    if "speech_tokenizer" in tensor.file or "speaker_encoder" in tensor.name:
        twice = 2 if tensor.name.endswith("embedding_sum") else 1  # its quotients are in a table
        return tensor.items * _FLOAT32 * twice
    if on_cpu and packed:  # the CPU unpacks it
        if tensor.name.endswith((".scales", ".biases")):
            return 0
        if tensor.dtype == "U32":
            width = int(packed.get("bits", 4))
            return tensor.items * 32 / width * DTYPE_BYTES.get(dtype, _FLOAT32)
    if bits is not None and not on_cpu and _is_quantised(tensor):
        return tensor.items * (bits / 8 + 2 * DTYPE_BYTES.get(dtype, 2) / GROUP_SIZE)
    return stored(tensor, dtype)


def _is_quantised(tensor: Tensor) -> bool:
    """Return whether the tensor is quantised, as mlx-audio's predicate does for modules."""
    return (
        len(tensor.shape) == 2
        and tensor.name.endswith(".weight")
        and tensor.shape[-1] % GROUP_SIZE == 0
        and not any(part in tensor.name for part in _SKIPPED)
    )
