"""A checkpoint's weight files, and the tensors in their headers. Does not import MLX.

The files are those that transformers would read: `model.safetensors`, or the shards that
`model.safetensors.index.json` names. Other files beside them (an optimizer's state, an adapter, a
speaker's embedding) are not part of the model.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sidecar.errors import NotACheckpoint
from sidecar.models.checkpoint.jsonfile import read_leniently, read_object
from sidecar.structs import learn

SINGLE, INDEX, SHARDS = "model.safetensors", "model.safetensors.index.json", "model*.safetensors"
_SHARD = re.compile(r"model-(\d+)-of-(\d+)\.safetensors")
_ITEM_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "C64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2,
    "I16": 2, "U16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_FLOATS = ("F64", "F32", "F16", "BF16")
# Of all files of a checkpoint together. Qwen3-TTS of 1.7B has 60 KB for its 600 tensors. To parse a
# header holds the interpreter's lock for 5 ms for each MiB; the format allows 100 MB in each file.
_MAX_HEADER_BYTES = 4 * 2**20
# How a file begins that is something else than its name says.
_LFS_POINTER, _PAGES = b"version https://git-lfs", (b"<!doctype", b"<html", b"<?xml")


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
    data_offsets: tuple[int, int] = (0, 0)


learn(_Entry)


def weight_names(folder: Path) -> list[str]:
    """Return the names of the weight files that a folder should have; some may be missing."""
    shards = read_leniently(folder / INDEX).get("weight_map")
    if not (folder / SINGLE).is_file():
        if isinstance(shards, dict) and shards:
            return sorted({str(name) for name in shards.values()})
        found = sorted(path.name for path in folder.glob(SHARDS))
        if found:
            return sorted({*found, *_siblings(found)})
    return [SINGLE]


def weight_files(folder: Path) -> list[Path]:
    """Return a folder's weight files, all of which exist.

    Raises:
        NotACheckpoint: some are missing, or the index cannot be used.
    """
    if not (folder / SINGLE).is_file() and (folder / INDEX).is_file():
        _check_index(folder)
    wanted = weight_names(folder)
    missing = [name for name in wanted if not (folder / name).is_file()]
    if not missing:
        return [folder / name for name in wanted]
    others = sorted(path.name for path in folder.glob("*.safetensors"))
    if len(missing) == len(wanted) and others:
        raise NotACheckpoint(
            f"{folder} has no {list_names(missing)}; it has {list_names(others)}, which are not "
            "names of a model's weights.",
            hint=f"{advise_download(folder)} If the file has been renamed, name it {SINGLE}.",
            field="model",
        )
    raise NotACheckpoint(
        f"{folder} has no {list_names(missing)}: the download is incomplete.",
        hint=advise_download(folder),
        field="model",
    )


def any_weight_files(folder: Path) -> list[Path]:
    """Return the folder's `weight_files` if it has one of their usual names, otherwise all files.

    Raises:
        NotACheckpoint: as `weight_files`.
    """
    if (folder / SINGLE).is_file() or (folder / INDEX).is_file():
        return weight_files(folder)
    return sorted(folder.glob("*.safetensors"))


def advise_download(folder: Path) -> str:
    """Return how to get a checkpoint again.

    Args:
        folder: the checkpoint's folder, or one inside it.
    """
    for part in folder.parts:
        if part.startswith("models--"):  # huggingface_hub's cache
            repo = part.removeprefix("models--").replace("--", "/", 1)
            return (
                f"Get it again: qwen-tts-sidecar models remove {repo}, then qwen-tts-sidecar "
                f"models download {repo}."
            )
    whole = folder.parent if folder.name == "speech_tokenizer" else folder
    return f"Get it again with all its files: hf download OWNER/NAME --local-dir {whole}."


def _siblings(found: Iterable[str]) -> Iterator[str]:
    """Yield the names of all shards of a set, given the names of some."""
    for name in found:
        if match := _SHARD.fullmatch(name):
            digits, total = len(match[1]), min(int(match[2]), 10_000)
            for number in range(1, total + 1):
                yield f"model-{number:0{digits}}-of-{match[2]}.safetensors"


def _check_index(folder: Path) -> None:
    shards = read_object(folder / INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise NotACheckpoint(
            f"{folder / INDEX} has no weight_map.", hint=advise_download(folder), field="model"
        )
    for name in shards.values():
        if not isinstance(name, str) or name != Path(name).name or name in ("", ".", ".."):
            raise NotACheckpoint(
                f"{folder / INDEX} names {name!r}; only files in the same folder are read.",
                hint="Put the weights into that folder, or save the model again.",
                field="model",
            )


def read_headers(folder: Path, paths: Iterable[Path]) -> Iterator[Tensor]:
    """Yield every tensor of some files inside `folder`.

    Raises:
        NotACheckpoint: a file is not a safetensors file, or is truncated.
    """
    left = _MAX_HEADER_BYTES
    for path in paths:
        try:
            header, length = _header(path, left)
            left -= length
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise NotACheckpoint(
                f"{path} is not a valid safetensors file: {error}.",
                hint=advise_download(path.parent),
                field="model",
            ) from None
        for name, entry in header.items():
            yield Tensor(str(path.relative_to(folder)), name, entry.dtype, entry.shape)


def _header(path: Path, most: int) -> tuple[dict[str, _Entry], int]:
    """Return the tensors of a file, and how many bytes its header has.

    Source of the layout: huggingface/safetensors, README, "Format"."""
    with path.open("rb") as file:
        start = file.read(len(_LFS_POINTER)).ljust(8, b"\0")
        if start == _LFS_POINTER:
            raise ValueError("it is a pointer of Git LFS; run git lfs pull to get the file")
        if start.lower().startswith(_PAGES):
            raise ValueError("it is a web page that was saved under this name")
        (length,) = struct.unpack("<Q", start[:8])
        size = path.stat().st_size
        if length < 2:
            raise ValueError("the length of its header is wrong")
        if 8 + length > size:
            raise ValueError(f"it is truncated: it ends after {size:,} bytes, inside its header")
        if length > most:
            raise ValueError(
                f"its header has {length:,} bytes; all headers of a model may have "
                f"{_MAX_HEADER_BYTES:,}"
            )
        file.seek(8)
        raw = msgspec.json.decode(file.read(length), type=dict[str, msgspec.Raw])
    raw.pop("__metadata__", None)
    entries = {name: msgspec.json.decode(entry, type=_Entry) for name, entry in raw.items()}
    end = 8 + length + max((entry.data_offsets[1] for entry in entries.values()), default=0)
    if end > size:
        raise ValueError(f"it is truncated: it has {size:,} of {end:,} bytes")
    return entries, length


def list_names(names: Iterable[str], most: int = 3) -> str:
    """Return the first names, and the number of the others, as a text."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
