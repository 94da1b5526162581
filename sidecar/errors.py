"""Every error a client or a person can see: what was wrong, where, and what to do.

`code` is the JSON-RPC error code and `type` the machine-readable name that goes into
`error.data.type`. Codes below −32000 belong to JSON-RPC and LSP; ours start at 1001,
outside the range that JSON-RPC reserves.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from sidecar.limits import MAX_QUEUED, MAX_STREAMS, MAX_UTTERANCE_CHARS


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
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.figures = figures or Figures()

    @property
    def advice(self) -> str:
        """The message and what to do about it, for a terminal."""
        return f"{self.message} {self.hint}" if self.hint else self.message


class InternalError(SidecarError):
    """A bug on our side."""


class ParseError(SidecarError):
    """The frame's body is not UTF-8 JSON."""

    code = -32700
    type = "parseError"


class InvalidRequest(SidecarError):
    """JSON, but not a JSON-RPC 2.0 request, or one that is not allowed now."""

    code = -32600
    type = "invalidRequest"


class DuplicateId(InvalidRequest):
    type = "duplicateId"


class MessageTooLong(InvalidRequest):
    """A frame over the limit; it was read to its end and not looked into beyond its beginning."""

    type = "messageTooLong"


class ShuttingDown(InvalidRequest):
    type = "shuttingDown"


class MethodNotFound(SidecarError):
    code = -32601
    type = "methodNotFound"


class InvalidParams(SidecarError):
    code = -32602
    type = "invalidParams"


class UnknownField(InvalidParams):
    type = "unknownField"


class UnknownEncoding(InvalidParams):
    type = "unknownEncoding"


class EmptyText(InvalidParams):
    type = "emptyText"


class NotFinite(InvalidParams):
    """A number that is NaN, infinite or too large for a double."""

    type = "notFinite"


class TokenInUse(InvalidParams):
    type = "tokenInUse"


class InvalidVoiceName(InvalidParams):
    type = "invalidVoiceName"


class ProtocolVersionMismatch(InvalidParams):
    type = "protocolVersionMismatch"


class NotInitialized(SidecarError):
    code = -32002
    type = "notInitialized"


class Cancelled(SidecarError):
    """The client, or the end of the process, cancelled the request."""

    code = -32800
    type = "cancelled"


class UnknownModel(SidecarError):
    code = 1001
    type = "unknownModel"


class ModelLoadFailed(SidecarError):
    code = 1002
    type = "modelLoadFailed"


class NotACheckpoint(ModelLoadFailed):
    type = "notACheckpoint"


class ModelNotDownloaded(ModelLoadFailed):
    """It is not on this machine, or not all of it, and nothing may be fetched."""

    type = "modelNotDownloaded"


class UnknownRevision(UnknownModel):
    """The repository has no such branch, tag or commit."""

    type = "unknownRevision"


class HubUnreachable(ModelLoadFailed):
    """No connection to the hub, a silent one, or a hub that is out of order."""

    type = "hubUnreachable"


class HubAccessDenied(ModelLoadFailed):
    """The hub wants a token, another token, or a licence accepted."""

    type = "hubAccessDenied"


class HubRateLimited(ModelLoadFailed):
    """The hub has had too many requests of this machine or account."""

    type = "hubRateLimited"


class DiskFull(ModelLoadFailed):
    """The hub's cache has no room for the model."""

    type = "diskFull"


class CorruptDownload(ModelLoadFailed):
    """A file came with other content than the hub has listed."""

    type = "corruptDownload"


class MissingPackage(ModelLoadFailed):
    """A model that needs a Python package which is not installed."""

    type = "missingPackage"


class UnknownVoice(SidecarError):
    code = 1003
    type = "unknownVoice"


class UnknownLanguage(SidecarError):
    code = 1004
    type = "unknownLanguage"


class BadReferenceAudio(SidecarError):
    """The recording cannot be read, or is not one of a voice."""

    code = 1005
    type = "badReferenceAudio"


class ReferenceTooShort(BadReferenceAudio):
    type = "referenceTooShort"


class ReferenceTooLong(BadReferenceAudio):
    type = "referenceTooLong"


class ReferenceSilent(BadReferenceAudio):
    type = "referenceSilent"


class Unsupported(SidecarError):
    """The model cannot do what was asked of it."""

    code = 1006
    type = "unsupported"


class VoiceDoesNotFit(Unsupported):
    """A saved voice, and a model that it was not made for."""

    type = "voiceDoesNotFit"


class TextTooLong(SidecarError):
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
    code = 1008
    type = "queueFull"


def queue_full() -> QueueFull:
    return QueueFull(
        f"{MAX_STREAMS} requests are spoken and {MAX_QUEUED} wait already.",
        hint="Send it again when one of your streams has ended.",
    )


class OutOfMemory(SidecarError):
    code = 1009
    type = "outOfMemory"


class MemoryLimitExceeded(OutOfMemory):
    """A model that would not fit into what models may take; nothing has been loaded."""

    type = "memoryLimitExceeded"


class GenerationFailed(SidecarError):
    code = 1010
    type = "generationFailed"


class ModelInUse(SidecarError):
    code = 1011
    type = "modelInUse"


class EngineStalled(SidecarError):
    """The engine's thread hangs; the process is about to end."""

    code = 1012
    type = "engineStalled"


class VoiceExists(SidecarError):
    code = 1013
    type = "voiceExists"


class BadVoiceFile(SidecarError):
    """A file in the folder of voices that is not one of ours, or damaged."""

    code = 1014
    type = "badVoiceFile"


class VoiceNotSaved(SidecarError):
    """The folder of voices cannot be written."""

    code = 1015
    type = "voiceNotSaved"


class TextTimeout(SidecarError):
    """A text that was still being written has stood still for too long."""

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


def unlisted(what: str, got: str, known: list[str]) -> str:
    """Return the sentence for a name that is not in a list: the nearest one, and all of them."""
    from difflib import get_close_matches  # 3 ms of start-up that only a mistake needs

    by_key = {name.lower(): name for name in known}
    near = get_close_matches(got[:_LONGEST_NAME].lower(), by_key, n=1, cutoff=_NEAR)
    meant = f" Did you mean {by_key[near[0]]!r}?" if near else ""
    return f"Unknown {what} {got!r}.{meant} Known: {', '.join(known) if known else 'none'}."


# How MLX's allocators say it, on Metal, CUDA and the CPU.
_MEMORY_WORDS = ("malloc", "out of memory", "insufficient memory", "unable to allocate")


def is_out_of_memory(error: Exception) -> bool:
    """MLX raises the same RuntimeError for everything."""
    return isinstance(error, MemoryError) or any(w in str(error).lower() for w in _MEMORY_WORDS)
