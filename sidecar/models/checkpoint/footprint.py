"""How much memory a checkpoint will take, by its files' headers only. Does not import MLX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from sidecar.models.checkpoint.weights import Tensor, any_weight_files, read_headers

# Rounded up: the process itself; and one stream's keys and values, its activations and MLX's cache
# of buffers, which are smaller for a small model.
_PROCESS_BYTES, _STREAM_BYTES = 150_000_000, 600_000_000
DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def tensors(folder: Path) -> Iterator[Tensor]:
    """Yield every tensor of a checkpoint of any family, and of the folders inside it.

    Raises:
        NotACheckpoint: a file is missing, or has no readable header.
    """
    inside = (file for file in folder.rglob("*.safetensors") if file.parent != folder)
    return read_headers(folder, [*any_weight_files(folder), *sorted(inside)])


def to_speak(load_bytes: int) -> int:
    """Return the memory to speak one stream with a model, the process included.

    It is the figure in every list and error that says what a model needs.

    Args:
        load_bytes: what `model/load` will take, by the model's headers or by the catalogue.
    """
    return load_bytes + min(load_bytes, _STREAM_BYTES) + _PROCESS_BYTES


def total(tensors: Iterator[Tensor], size: Callable[[Tensor], float]) -> int:
    """Return the sum of the tensors' sizes."""
    return math.ceil(sum(size(tensor) for tensor in tensors))


def stored(tensor: Tensor, dtype: str) -> float:
    """Return the tensor's size: as in the file, or, if it has floats, in another dtype."""
    if tensor.is_float and dtype in DTYPE_BYTES:
        return tensor.items * DTYPE_BYTES[dtype]
    return tensor.nbytes
