"""Every error a client or a person can see: what was wrong, where, and what to do.

`code` is the JSON-RPC error code and `type` the machine-readable name that goes into
`error.data.type`. Codes below −32000 belong to JSON-RPC and LSP; ours start at 1001,
outside the range that JSON-RPC reserves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec

from sidecar.limits import MAX_QUEUED, MAX_STREAMS, MAX_UTTERANCE_CHARS


def sentence(text: str) -> str:
    """Return the text with one full stop at its end, unless it ends with another such mark.

    What a library says ends with a full stop or does not; where it is quoted at the end of our
    sentence, there would be two or none.
    """
    text = text.rstrip()
    if text.endswith("..") and not text.endswith("..."):
        text = text[:-1]
    return text if text.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{text}."


class Figures(msgspec.Struct, frozen=True):
    """Numbers of an error that a program can act on."""

    needed_bytes: int | None = None
    free_bytes: int | None = None
    retry_after_seconds: float | None = None
    message_bytes: int | None = None
    limit_bytes: int | None = None


class SidecarError(Exception):
    """Base of all errors that are answered on the wire or printed to a person.

    Args:
        message: what went wrong, in one sentence a person can read.
        hint: what to do about it.
        field: the request field at fault, as a wire path (`sampling.topK`).
        figures: its numbers, if there are any.
    """

    code: ClassVar[int] = -32603
    type: ClassVar[str] = "internalError"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        field: str | None = None,
        figures: Figures | None = None,
    ) -> None:
        message = sentence(message)
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.figures = figures or Figures()

    @property
    def advice(self) -> str:
        """The message and what to do about it, in one line."""
        return f"{self.message} {self.hint}" if self.hint else self.message


class InternalError(SidecarError):
    """A bug in the sidecar; its log on stderr has the details."""


class ParseError(SidecarError):
    """The frame's body is not UTF-8 JSON."""

    code = -32700
    type = "parseError"


class InvalidRequest(SidecarError):
    """The message is no JSON-RPC 2.0 request, or one that is not allowed now."""

    code = -32600
    type = "invalidRequest"


class DuplicateId(InvalidRequest):
    """Another request with this id has not been answered yet."""

    type = "duplicateId"


class MessageTooLong(InvalidRequest):
    """The message is longer than the sidecar takes; it was read past and not looked into."""

    type = "messageTooLong"


class ShuttingDown(InvalidRequest):
    """The sidecar has been told to shut down, and takes no more requests."""

    type = "shuttingDown"


class MethodNotFound(SidecarError):
    """There is no such method."""

    code = -32601
    type = "methodNotFound"


class InvalidParams(SidecarError):
    """A param is missing, of the wrong type or out of range, or contradicts another one."""

    code = -32602
    type = "invalidParams"


class UnknownField(InvalidParams):
    """The params have a field that this sidecar does not know."""

    type = "unknownField"


class UnknownEncoding(InvalidParams):
    """The encoding is none of those that this sidecar can make."""

    type = "unknownEncoding"


class EmptyText(InvalidParams):
    """Nothing in the text can be spoken."""

    type = "emptyText"


class NotFinite(InvalidParams):
    """A number is NaN, infinite or too large for a double."""

    type = "notFinite"


class TokenInUse(InvalidParams):
    """The token belongs to another request that has not been answered yet."""

    type = "tokenInUse"


class InvalidVoiceName(InvalidParams):
    """The name of a new voice cannot be the name of a file."""

    type = "invalidVoiceName"


class ProtocolVersionMismatch(InvalidParams):
    """The client speaks another version of the protocol."""

    type = "protocolVersionMismatch"


class NotInitialized(SidecarError):
    """A request came before initialize."""

    code = -32002
    type = "notInitialized"


class Cancelled(SidecarError):
    """The client or the end of the process has cancelled the request."""

    code = -32800
    type = "cancelled"


class UnknownModel(SidecarError):
    """There is no such model: no name in the catalogue, no repository, no folder."""

    code = 1001
    type = "unknownModel"


class ModelLoadFailed(SidecarError):
    """The model could not be downloaded or loaded."""

    code = 1002
    type = "modelLoadFailed"


class NotACheckpoint(ModelLoadFailed):
    """The folder has no config.json or weights that can be used."""

    type = "notACheckpoint"


class ModelNotDownloaded(ModelLoadFailed):
    """The model, or a part of it, is not on this machine and may not be downloaded."""

    type = "modelNotDownloaded"


class UnknownRevision(UnknownModel):
    """The repository has no such branch, tag or commit."""

    type = "unknownRevision"


class HubUnreachable(ModelLoadFailed):
    """The hub cannot be reached, does not answer, or is out of order."""

    type = "hubUnreachable"


class HubAccessDenied(ModelLoadFailed):
    """The hub asks for a token, for another one, or for a licence to be accepted."""

    type = "hubAccessDenied"


class HubRateLimited(ModelLoadFailed):
    """The hub has had too many requests from this machine or account."""

    type = "hubRateLimited"


class DiskFull(ModelLoadFailed):
    """The disk has no room for the model."""

    type = "diskFull"


class CorruptDownload(ModelLoadFailed):
    """A downloaded file has another content than the hub lists."""

    type = "corruptDownload"


class MissingPackage(ModelLoadFailed):
    """The model needs a Python package that is not installed."""

    type = "missingPackage"


class UnknownVoice(SidecarError):
    """There is no such voice: no preset of the model, and no saved one."""

    code = 1003
    type = "unknownVoice"


class UnknownLanguage(SidecarError):
    """The model does not speak the language."""

    code = 1004
    type = "unknownLanguage"


class BadReferenceAudio(SidecarError):
    """The recording cannot be read, or is no recording of a voice."""

    code = 1005
    type = "badReferenceAudio"


class ReferenceTooShort(BadReferenceAudio):
    """The recording is too short to clone a voice from it."""

    type = "referenceTooShort"


class ReferenceTooLong(BadReferenceAudio):
    """The recording is longer than the sidecar takes."""

    type = "referenceTooLong"


class ReferenceSilent(BadReferenceAudio):
    """Nothing can be heard in the recording."""

    type = "referenceSilent"


class Unsupported(SidecarError):
    """The model cannot do what was asked of it."""

    code = 1006
    type = "unsupported"


class VoiceDoesNotFit(Unsupported):
    """The saved voice was made for another kind of model."""

    type = "voiceDoesNotFit"


class TextTooLong(SidecarError):
    """The text, instruction or transcript is longer than the sidecar takes."""

    code = 1007
    type = "textTooLong"


def too_long(
    field: str, length: int, unit: str = "characters", most: int = MAX_UTTERANCE_CHARS
) -> TextTooLong:
    return TextTooLong(
        f"The {field} has {length} {unit}; at most {most} are taken.",
        hint="Send it sentence by sentence or paragraph by paragraph.",
        field=field,
    )


class QueueFull(SidecarError):
    """Too many requests are waiting already."""

    code = 1008
    type = "queueFull"


def queue_full() -> QueueFull:
    return QueueFull(
        f"{MAX_STREAMS} requests are spoken and {MAX_QUEUED} wait already.",
        hint="Send it again when one of your streams has ended.",
    )


class OutOfMemory(SidecarError):
    """There is not enough memory for the model or the speech."""

    code = 1009
    type = "outOfMemory"


class MemoryLimitExceeded(OutOfMemory):
    """The model does not fit into the memory that models may take; nothing was loaded."""

    type = "memoryLimitExceeded"


class GenerationFailed(SidecarError):
    """Something else went wrong during the work; the log on stderr has the details."""

    code = 1010
    type = "generationFailed"


class ModelInUse(SidecarError):
    """The model is speaking, so it cannot be removed or loaded anew."""

    code = 1011
    type = "modelInUse"


class EngineStalled(SidecarError):
    """The engine hangs, and the process is about to end."""

    code = 1012
    type = "engineStalled"


class VoiceExists(SidecarError):
    """There is already a voice of that name."""

    code = 1013
    type = "voiceExists"


class BadVoiceFile(SidecarError):
    """The saved voice's file is damaged, or is no voice of this program."""

    code = 1014
    type = "badVoiceFile"


class VoiceNotSaved(SidecarError):
    """The voice could not be written to the folder of voices."""

    code = 1015
    type = "voiceNotSaved"


class TextTimeout(SidecarError):
    """No more of a text that is still being written has come for too long."""

    code = 1016
    type = "textTimeout"


class Notice(msgspec.Struct, frozen=True):
    """What was noticed and did not stop the work: a warning in a request's result.

    Attributes:
        type: the machine-readable name.
        message: what it is and what to do, in a sentence or two.
    """

    type: str
    message: str


class FramingError(Exception):
    """The byte stream is not Content-Length framing; there is no way to find the next frame.

    Never answered on the wire: one line on stderr, then exit code `EXIT_CODE`.
    """

    EXIT_CODE: ClassVar[int] = 76  # EX_PROTOCOL of sysexits.h


# How alike two names must be for one to be taken for the other, 0 to 1, and how much is compared.
_NEAR = 0.7
_LONGEST_NAME = 100


def closest(name: str, known: Iterable[str], near: float = 0.6) -> str | None:
    """Return the known name that `name` is most likely a misspelling of, if there is one."""
    from difflib import get_close_matches  # 3 ms of start-up that only a mistake needs

    by_key = {one.lower(): one for one in known}
    matches = get_close_matches(name[:_LONGEST_NAME].lower(), by_key, n=1, cutoff=near)
    return by_key[matches[0]] if matches else None


def unlisted(what: str, got: str, known: list[str]) -> str:
    """Return the sentence for a name that is not in a list: the nearest one, and all of them."""
    near = closest(got, known, _NEAR)
    meant = f" Did you mean {near!r}?" if near else ""
    return f"Unknown {what} {got!r}.{meant} Known: {', '.join(known) if known else 'none'}."


def told(error: BaseException) -> str:
    """Return what a library has raised, on one line and never without meaning.

    The text of a KeyError is a key and nothing else; such errors are named, too.
    """
    text = " ".join(str(error).split())[:300]
    speaking = isinstance(error, OSError | RuntimeError | ImportError | UnicodeError)
    return text if text and speaking else f"{type(error).__name__}: {text}".rstrip(": ")


# How MLX's allocators say it, on Metal, CUDA and the CPU.
_MEMORY_WORDS = ("malloc", "out of memory", "insufficient memory", "unable to allocate")


def is_out_of_memory(error: Exception) -> bool:
    """MLX raises the same RuntimeError for everything."""
    return isinstance(error, MemoryError) or any(w in str(error).lower() for w in _MEMORY_WORDS)
