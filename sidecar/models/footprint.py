"""What a checkpoint will take in memory, from its files' headers alone. Knows no MLX."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from sidecar.errors import NotACheckpoint

_ITEM_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2,
    "I16": 2, "U16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_FLOATS = ("F64", "F32", "F16", "BF16")
_MAX_HEADER_BYTES = 100 * 2**20  # as safetensors itself has it
# Round figures, on the large side: the process itself; and one stream's keys and values, its
# activations and MLX's cache of buffers, which are smaller where the model is.
_PROCESS_BYTES, _STREAM_BYTES = 150_000_000, 600_000_000
DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


class Tensor(msgspec.Struct, frozen=True):
    """One entry of a header. `file` is relative to the checkpoint's folder."""

    file: str
    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def items(self) -> int:
        return math.prod(self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype in _FLOATS

    @property
    def nbytes(self) -> int:
        return self.items * _ITEM_BYTES.get(self.dtype, 4)


class _Entry(msgspec.Struct):
    dtype: str
    shape: tuple[int, ...]


def tensors(folder: Path) -> Iterator[Tensor]:
    """Every tensor of every *.safetensors file in the folder and those inside it.

    Raises:
        NotACheckpoint: a file has no readable header.
    """
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            header = _header(path)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise NotACheckpoint(
                f"{path} is no safetensors file: {error}.",
                hint="It may be cut: download it again.",
                field="model",
            ) from None
        for name, entry in header.items():
            yield Tensor(str(path.relative_to(folder)), name, entry.dtype, entry.shape)


def _header(path: Path) -> dict[str, _Entry]:
    """Source of the layout: huggingface/safetensors, README, "Format"."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        if not 2 <= length <= _MAX_HEADER_BYTES:
            raise ValueError("its header has no length")
        raw = msgspec.json.decode(file.read(length), type=dict[str, msgspec.Raw])
    raw.pop("__metadata__", None)
    return {name: msgspec.json.decode(entry, type=_Entry) for name, entry in raw.items()}


def to_speak(load_bytes: int) -> int:
    """Return the memory to speak one stream with a model, the process included. Whoever says what a
    model needs says this figure.

    Args:
        load_bytes: what `model/load` will take for it, by the model's headers or by the catalogue.
    """
    return load_bytes + min(load_bytes, _STREAM_BYTES) + _PROCESS_BYTES


def total(folder: Path, size: Callable[[Tensor], float]) -> int:
    """The sum of what each tensor takes."""
    return math.ceil(sum(size(tensor) for tensor in tensors(folder)))


def stored(tensor: Tensor, dtype: str) -> float:
    """As it is in the file, floats in another dtype if that is said."""
    if tensor.is_float and dtype in DTYPE_BYTES:
        return tensor.items * DTYPE_BYTES[dtype]
    return tensor.nbytes
