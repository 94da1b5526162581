"""One saved voice as a file: safetensors, with one JSON document in its metadata.

    speaker    F32 [hidden]             the x-vector
    codes      U16 [frames, codebooks]  the recording; absent for the timbre alone
    text_ids   I32 [tokens]             its transcript in the model's tokens; absent likewise

A file may come from anybody: it is bounded, and looked at before it is believed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
from msgspec import Meta

from sidecar.errors import BadVoiceFile
from sidecar.files import open_regular, read_regular
from sidecar.limits import MAX_UTTERANCE_CHARS
from sidecar.models.base import VoicePrompt
from sidecar.voices.names import printable

VERSION = 1
# A minute of voice has 40 kB, and the longest transcript 50.
MAX_BYTES = 2**20
_MAX_HEADER_BYTES = 2**18
_METADATA_KEY = "qwen_tts_voice"
Origin = Literal["reference", "design"]


class Metadata(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What is known of a voice.

    Attributes:
        model: what it was made with, and speaks with: an alias, a hub id, or a folder.
        created: ISO 8601, UTC.
        source: sha256 of the recording.
        language: what it speaks when nothing is said about that.
        text: the recording's transcript.
        instruct: the description that it was designed by.
    """

    format_version: int
    name: str
    model: Annotated[str, Meta(max_length=4096)]
    family: Annotated[str, Meta(max_length=64)]
    created: Annotated[str, Meta(max_length=64)]
    origin: Origin
    source: Annotated[str, Meta(max_length=64)] = ""
    language: Annotated[str, Meta(max_length=64)] | None = None
    text: str | None = None
    instruct: Annotated[str, Meta(max_length=MAX_UTTERANCE_CHARS)] | None = None
    append_silence: bool = True


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


class _Header(
    msgspec.Struct, forbid_unknown_fields=True, rename={"metadata": "__metadata__"}, kw_only=True
):
    """The JSON at the beginning of a safetensors file, as we write it."""

    metadata: dict[str, str]
    speaker: _Tensor
    codes: _Tensor | None = None
    text_ids: _Tensor | None = None


class SavedVoice(msgspec.Struct, frozen=True):
    """A voice on disk, of which the header has been read.

    Attributes:
        speaker_size, codebooks, frames: the shapes; the latter are 0 for the timbre alone.
        max_frames: that `features` takes.
    """

    path: Path
    name: str
    metadata: Metadata
    speaker_size: int
    codebooks: int
    frames: int
    max_frames: int

    @property
    def language(self) -> str | None:
        return self.metadata.language

    def features(self) -> VoicePrompt:
        """Reads the arrays.

        Raises:
            FileNotFoundError: it has been deleted.
            BadVoiceFile
        """
        try:
            return _features(read_regular(self.path, MAX_BYTES), self.max_frames)
        except FileNotFoundError:
            raise
        # safetensors raises whatever the file made it raise.
        except Exception as error:
            raise bad_file(self.path, error) from None


def read(path: Path, name: str, max_frames: int) -> SavedVoice:
    """Reads a file's header; does not need numpy.

    Args:
        max_frames: of the recording; a longer one is refused.

    Raises:
        FileNotFoundError: there is none of that name.
        BadVoiceFile
    """
    try:
        with open_regular(path, MAX_BYTES) as file:
            header, metadata = _header(file)
    except FileNotFoundError:
        if os.path.lexists(path):  # a link to nowhere
            raise bad_file(path, "it is a link to a file that is not there") from None
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise bad_file(path, error) from None
    codes = header.codes.shape if header.codes else [0, 0]
    if len(header.speaker.shape) != 1 or len(codes) != 2:
        raise bad_file(path, "its arrays have the wrong shapes")
    if codes[0] > max_frames:
        raise bad_file(path, _too_many(codes[0], max_frames))
    size = header.speaker.shape[0]
    return SavedVoice(path, name, metadata, size, codes[1], codes[0], max_frames)


def write(metadata: Metadata, features: VoicePrompt) -> bytes:
    """The whole file."""
    import numpy as np
    from safetensors.numpy import save

    # safetensors writes the buffer as it lies, and says row by row.
    tensors = {"speaker": np.ascontiguousarray(features.speaker, "<f4")}
    if features.codes is not None and features.text_ids is not None:
        tensors["codes"] = np.ascontiguousarray(features.codes, "<u2")
        tensors["text_ids"] = np.ascontiguousarray(features.text_ids, "<i4")
    return save(tensors, {_METADATA_KEY: msgspec.json.encode(metadata).decode()})


def bad_file(path: Path, reason: object) -> BadVoiceFile:
    said = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
    return BadVoiceFile(
        printable(f"{path.name} in the folder of voices cannot be used: {said[:300]}."),
        hint="Make the voice again, copy the file again, or delete it.",
        field="voice",
    )


def _header(file: BinaryIO) -> tuple[_Header, Metadata]:
    """Raises ValueError (msgspec's errors are such) for anything but a voice of ours."""
    size = int.from_bytes(file.read(8), "little")
    if not 0 < size <= _MAX_HEADER_BYTES:
        raise ValueError("it is no voice file")
    try:
        header = msgspec.json.decode(file.read(size), type=_Header)
        document = header.metadata[_METADATA_KEY]
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        raise ValueError("it is no voice file") from None
    version = msgspec.json.decode(document, type=dict[str, msgspec.Raw]).get("formatVersion")
    if version is None or bytes(version) != b"%d" % VERSION:
        raise ValueError(f"it has a format that is not {VERSION}, of another version of this")
    metadata = msgspec.json.decode(document, type=Metadata)
    msgspec.json.encode(metadata)  # half a character in it could not be told to anybody
    if len(metadata.text or "") > MAX_UTTERANCE_CHARS or (metadata.text is None) != (
        header.codes is None
    ):
        raise ValueError("its transcript does not belong to it")
    return header, metadata


def _too_many(frames: int, most: int) -> str:
    """A file of another process's, or of somebody's who likes our memory full."""
    return f"it has {frames} frames, and --max-reference-seconds lets {most} be taken"


def _features(data: bytes, max_frames: int) -> VoicePrompt:
    import io

    import numpy as np
    from safetensors.numpy import load

    _, metadata = _header(io.BytesIO(data))
    tensors = load(data)
    speaker, codes, ids = (tensors.get(name) for name in ("speaker", "codes", "text_ids"))
    if speaker is None or speaker.dtype != np.float32 or speaker.ndim != 1:
        raise ValueError("its embedding is not one")
    if not np.isfinite(speaker).all():
        raise ValueError("its embedding is not finite")
    if codes is None or ids is None:
        if codes is not ids:
            raise ValueError("it has codes without a transcript, or the reverse")
        return VoicePrompt(speaker, source=metadata.source)
    if codes.dtype != np.uint16 or codes.ndim != 2 or len(codes) == 0:
        raise ValueError("its codes are not codes")
    if len(codes) > max_frames:
        raise ValueError(_too_many(len(codes), max_frames))
    if ids.dtype != np.int32 or ids.ndim != 1:
        raise ValueError("its tokens are not tokens")
    return VoicePrompt(speaker, codes, metadata.text, ids, source=metadata.source)
