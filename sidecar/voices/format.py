"""One saved voice as a file: safetensors, with one JSON document in its metadata.

    speaker    F32 [hidden]             the x-vector
    codes      U16 [frames, codebooks]  the recording; absent for the timbre alone
    text_ids   I32 [tokens]             its transcript in the model's tokens; absent likewise

A file may come from any source, so its size and its contents are checked before they are used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
from msgspec import Meta

from sidecar.errors import BadVoiceFile
from sidecar.files import describe_os_error, open_regular, read_regular
from sidecar.limits import MAX_UTTERANCE_CHARS
from sidecar.models.base import VoicePrompt
from sidecar.structs import learn
from sidecar.voices.names import printable

VERSION = 1
# A minute of voice takes 40 kB, and the longest transcript 50 kB.
MAX_BYTES = 2**20
_MAX_HEADER_BYTES = 2**18
_METADATA_KEY = "qwen_tts_voice"
Origin = Literal["reference", "design"]


class Metadata(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a file says about its voice.

    Attributes:
        model: the model that made it, and that speaks with it: an alias, a hub id, or a folder.
        created: ISO 8601, UTC.
        source: sha256 of the recording.
        language: the language that it speaks if a request names none.
        text: the recording's transcript.
        instruct: the description of a designed voice.
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
    """The JSON at the beginning of a safetensors file, as `write` makes it."""

    metadata: dict[str, str]
    speaker: _Tensor
    codes: _Tensor | None = None
    text_ids: _Tensor | None = None


learn(Metadata, _Header)


class SavedVoice(msgspec.Struct, frozen=True):
    """A voice on disk. Only its header has been read.

    Attributes:
        speaker_size, codebooks, frames: the shapes; the last two are 0 for the timbre alone.
        max_frames: `features` refuses a longer recording.
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
        """Read the arrays.

        Raises:
            FileNotFoundError: the file has been deleted.
            BadVoiceFile
        """
        try:
            return _features(read_regular(self.path, MAX_BYTES), self.max_frames)
        except FileNotFoundError:
            raise
        # Damaged files make safetensors raise exceptions of many types.
        except Exception as error:
            raise bad_file(self.path, error) from None


def read(path: Path, name: str, max_frames: int) -> SavedVoice:
    """Read a file's header. It does not import numpy.

    Args:
        max_frames: a longer recording is refused.

    Raises:
        FileNotFoundError: there is no such file.
        BadVoiceFile
    """
    try:
        with open_regular(path, MAX_BYTES) as file:
            header, metadata = _header(file)
    except FileNotFoundError:
        if os.path.lexists(path):  # a broken link
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
    """Return the bytes of a voice file."""
    import numpy as np
    from safetensors.numpy import save

    # safetensors writes the buffer as it is in memory, but describes it as row-major.
    tensors = {"speaker": np.ascontiguousarray(features.speaker, "<f4")}
    if features.codes is not None and features.text_ids is not None:
        tensors["codes"] = np.ascontiguousarray(features.codes, "<u2")
        tensors["text_ids"] = np.ascontiguousarray(features.text_ids, "<i4")
    return save(tensors, {_METADATA_KEY: msgspec.json.encode(metadata).decode()})


def bad_file(path: Path, reason: object) -> BadVoiceFile:
    """Return the error of a file that cannot be used as a voice."""
    said = describe_os_error(reason, path) if isinstance(reason, OSError) else str(reason)
    return BadVoiceFile(
        printable(f"{path.name} in the folder of voices cannot be used: {said[:300]}."),
        hint="Make the voice again, copy the file again, or delete it.",
        field="voice",
    )


def _header(file: BinaryIO) -> tuple[_Header, Metadata]:
    """Read the header. Raise ValueError, also by msgspec, if it is not one of a voice file."""
    size = int.from_bytes(file.read(8), "little")
    if not 0 < size <= _MAX_HEADER_BYTES:
        raise ValueError("it is not a voice file")
    try:
        header = msgspec.json.decode(file.read(size), type=_Header)
        document = header.metadata[_METADATA_KEY]
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        raise ValueError("it is not a voice file") from None
    version = msgspec.json.decode(document, type=dict[str, msgspec.Raw]).get("formatVersion")
    if version is None or bytes(version) != b"%d" % VERSION:
        raise ValueError(f"its format version is not {VERSION}: another version made it")
    metadata = msgspec.json.decode(document, type=Metadata)
    msgspec.json.encode(metadata)  # half a surrogate pair could not be sent
    if len(metadata.text or "") > MAX_UTTERANCE_CHARS or (metadata.text is None) != (
        header.codes is None
    ):
        raise ValueError("its transcript is too long, or does not belong to its codes")
    return header, metadata


def _too_many(frames: int, most: int) -> str:
    """Return why a file is refused that would fill the memory."""
    return f"it has {frames} frames, and --max-reference-seconds allows {most}"


def _features(data: bytes, max_frames: int) -> VoicePrompt:
    import io

    import numpy as np
    from safetensors.numpy import load

    _, metadata = _header(io.BytesIO(data))
    tensors = load(data)
    speaker, codes, ids = (tensors.get(name) for name in ("speaker", "codes", "text_ids"))
    if speaker is None or speaker.dtype != np.float32 or speaker.ndim != 1:
        raise ValueError("its speaker embedding is not a vector of float32")
    if not np.isfinite(speaker).all():
        raise ValueError("its speaker embedding is not finite")
    if codes is None or ids is None:
        if codes is not ids:
            raise ValueError("it has codes without a transcript, or the reverse")
        return VoicePrompt(speaker, source=metadata.source)
    if codes.dtype != np.uint16 or codes.ndim != 2 or len(codes) == 0:
        raise ValueError("its codes are not a matrix of uint16")
    if len(codes) > max_frames:
        raise ValueError(_too_many(len(codes), max_frames))
    if ids.dtype != np.int32 or ids.ndim != 1:
        raise ValueError("its text_ids are not a vector of int32")
    return VoicePrompt(speaker, codes, metadata.text, ids, source=metadata.source)
