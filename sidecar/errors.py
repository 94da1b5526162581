"""Every error that a client or a person can see: what was wrong, where, and what to do.

`code` is the JSON-RPC error code. `type` is the machine-readable name in `error.data.type`: the
name of the class with a small first letter. Codes below −32000 are those of JSON-RPC and of the
Language Server Protocol; the sidecar's own codes start at 1001, outside JSON-RPC's reserved range.
The docstring of each class is its description in `protocol/schema.json`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from sidecar.limits import (
    MAX_QUEUED,
    MAX_STREAMS,
    MAX_UTTERANCE_CHARS,
    STARVED_SECONDS,
    UNGRANTED_SECONDS,
)
from sidecar.wording import sentence


class HeardSpeech(msgspec.Struct, frozen=True, rename="camel"):
    """What the listener of a cancelled stream has got of it."""

    samples: Annotated[
        int,
        Meta(
            description="Number of audio samples: those of `playedMs` if the cancel had it, but at "
            "most those that were sent."
        ),
    ]
    sample_rate: Annotated[int, Meta(description="Sample rate of the stream in Hz.")]
    sentence: Annotated[int, Meta(description="Index of the sentence in which they end.")]
    text_end: Annotated[
        int,
        Meta(
            description="Where in the request's text that is, in characters (Unicode code "
            "points). Exact where a sentence begins or ends, and estimated within one; it is the "
            "beginning of the word that was not heard to its end."
        ),
    ]


class Figures(msgspec.Struct, frozen=True):
    """Figures of an error that a program can act on."""

    needed_bytes: int | None = None
    free_bytes: int | None = None
    retry_after_seconds: float | None = None
    message_bytes: int | None = None
    limit_bytes: int | None = None
    text_offset: int | None = None
    heard: HeardSpeech | None = None


class Notice(msgspec.Struct, frozen=True):
    """A warning in the result of a request: something was noticed that did not stop the work.

    Attributes:
        type: the machine-readable name.
        message: what was noticed and what to do, in a sentence or two.
    """

    type: str
    message: str


class SidecarError(Exception):
    """Base of all errors that are answered on the wire or printed for a person.

    Args:
        message: what went wrong, in one sentence that a person can read.
        hint: what to do about it.
        field: the request field at fault, as a wire path (`sampling.topK`).
        figures: the error's numbers, if it has any.
    """

    code: ClassVar[int] = -32603
    type: ClassVar[str] = "internalError"

    def __init_subclass__(cls, code: int | None = None) -> None:
        cls.type = cls.__name__[0].lower() + cls.__name__[1:]
        if code is not None:
            cls.code = code

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
        """The message and the hint on one line."""
        return f"{self.message} {self.hint}" if self.hint else self.message


# Messages and requests.


class InternalError(SidecarError):
    """The sidecar has a bug; its log on stderr has the details."""


class ParseError(SidecarError, code=-32700):
    """The body of the frame is not JSON in UTF-8."""


class InvalidRequest(SidecarError, code=-32600):
    """The message is not a JSON-RPC 2.0 request, or the request is not allowed at this time."""


class DuplicateId(InvalidRequest):
    """Another request with this id has not been answered yet."""


class MessageTooLong(InvalidRequest):
    """The message is longer than the sidecar accepts; it was skipped without being parsed."""


class ShuttingDown(InvalidRequest):
    """The sidecar has received `shutdown` and accepts no more requests."""


class MethodNotFound(SidecarError, code=-32601):
    """There is no method of this name."""


class InvalidParams(SidecarError, code=-32602):
    """A param is missing, has the wrong type, is out of range, or contradicts another param."""


class UnknownField(InvalidParams):
    """The params contain a field that this sidecar does not know."""


class UnknownEncoding(InvalidParams):
    """This sidecar cannot produce the encoding."""


class EmptyText(InvalidParams):
    """The text contains nothing that can be spoken."""


class UnknownSpeaker(InvalidParams):
    """The text names somebody who is not among the request's speakers."""


class InvalidMarkup(InvalidParams):
    """The text is not the SSML that the request says it is, or has what is not allowed there."""


class BadLexicon(InvalidParams):
    """The file of a lexicon cannot be read, or is not what its suffix says."""


class NotFinite(InvalidParams):
    """A number is NaN, infinite, or too large for a double."""


class TokenInUse(InvalidParams):
    """The token belongs to another request that has not been answered yet."""


class InvalidVoiceName(InvalidParams):
    """The name of the new voice cannot be used as a file name."""


class ProtocolVersionMismatch(InvalidParams):
    """The client uses a version of the protocol that this sidecar does not."""


class NotInitialized(SidecarError, code=-32002):
    """A request was received before `initialize`."""


class Cancelled(SidecarError, code=-32800):
    """The request was cancelled, by the client or because the process is ending."""


# Models.


class UnknownModel(SidecarError, code=1001):
    """The model is not in the catalogue, is not a repository on the hub, and is not a folder."""


class UnknownRevision(UnknownModel):
    """The repository has no branch, tag or commit of this name."""


class ModelLoadFailed(SidecarError, code=1002):
    """The model could not be downloaded or loaded."""


class NotACheckpoint(ModelLoadFailed):
    """The folder has no config.json, or no weights that can be used."""


class ModelNotDownloaded(ModelLoadFailed):
    """The model, or a part of it, is not on this machine, and downloads are not allowed."""


class HubUnreachable(ModelLoadFailed):
    """The model hub cannot be reached, does not answer, or is out of order."""


class HubAccessDenied(ModelLoadFailed):
    """The model hub requires an access token, another token, or that you accept a licence."""


class HubRateLimited(ModelLoadFailed):
    """The model hub has received too many requests from this machine or account."""


class DiskFull(ModelLoadFailed):
    """The disk does not have enough free space for the model."""


class BudgetExceeded(ModelLoadFailed):
    """The download would make the models in the cache larger than the budget allows."""


class CorruptDownload(ModelLoadFailed):
    """The content of a downloaded file differs from what the model hub lists."""


class ModelDamaged(ModelLoadFailed):
    """A file of an exported model is missing, or differs from the model's manifest."""


class MissingPackage(ModelLoadFailed):
    """The model needs a Python package that is not installed."""


class Unsupported(SidecarError, code=1006):
    """The model cannot do what the request asks for."""


class OutOfMemory(SidecarError, code=1009):
    """There is not enough memory for the model or for the speech."""


class MemoryLimitExceeded(OutOfMemory):
    """The model needs more memory than models may use, so nothing was loaded."""


class ModelInUse(SidecarError, code=1011):
    """The model is in use, so it cannot be unloaded, deleted, or loaded with other options."""


class ModelNotDeleted(SidecarError, code=1017):
    """The files of the model could not be deleted."""


class SidecarExited(SidecarError, code=1018):
    """The sidecar behind a WebSocket ended before it answered; the server starts another one."""


# Voices and recordings.


class UnknownVoice(SidecarError, code=1003):
    """The model has no preset voice of this name, and there is no saved voice of this name."""


class UnknownLanguage(SidecarError, code=1004):
    """The model does not speak the language."""


class BadReferenceAudio(SidecarError, code=1005):
    """The recording cannot be read, or a voice cannot be cloned from it."""


class ReferenceTooShort(BadReferenceAudio):
    """The recording is too short for a voice to be cloned from it."""


class ReferenceTooLong(BadReferenceAudio):
    """The recording is longer than the sidecar accepts."""


class ReferenceSilent(BadReferenceAudio):
    """The recording is silent."""


class IncompatibleVoice(Unsupported):
    """The saved voice was made for another kind of model."""


class VoiceExists(SidecarError, code=1013):
    """A voice of this name already exists."""


class BadVoiceFile(SidecarError, code=1014):
    """The file of the saved voice is damaged, or is not a voice that this program has saved."""


class VoiceSaveFailed(SidecarError, code=1015):
    """The voice could not be written to the folder of saved voices."""


# Speech.


class TextTooLong(SidecarError, code=1007):
    """The text, the instruction or the transcript is longer than the sidecar accepts."""


class TextTimeout(SidecarError, code=1016):
    """The request waited too long for more of its text."""


class CreditTimeout(SidecarError, code=1019):
    """The request had no credit for long, and another one needed its place."""


class PauseTimeout(SidecarError, code=1020):
    """The stream was paused for long, and another request needed its place."""


class QueueFull(SidecarError, code=1008):
    """Too many requests are already waiting."""


class GenerationFailed(SidecarError, code=1010):
    """The work failed for another reason; the log on stderr has the details."""


class EngineStalled(SidecarError, code=1012):
    """The engine hangs, and the process is about to end."""


def too_long(
    field: str, length: int, unit: str = "characters", limit: int = MAX_UTTERANCE_CHARS
) -> TextTooLong:
    """Return the error for a text that has `length` characters or tokens."""
    hint = "Send it in parts, for example one paragraph at a time." if field == "text" else None
    message = f"`{field}` is too long: {length} {unit}; the limit is {limit}."
    return TextTooLong(message, hint=hint or "Shorten it.", field=field)


def queue_full(stalled: int = 0) -> QueueFull:
    """Return the error for a request that can neither run nor wait.

    Args:
        stalled: how many of the others wait for their clients.
    """
    hold = f", {stalled} of them for their clients" if stalled else ""
    return QueueFull(
        f"The sidecar is at capacity: {MAX_STREAMS} requests are running and {MAX_QUEUED} are "
        f"waiting{hold}.",
        hint="Send the request again when one of your streams has ended"
        + (", or end those that are not written or not heard any more." if stalled else "."),
    )


def cannot_speak(model: str) -> Unsupported:
    """Return the error for a model that does something else than speak."""
    return Unsupported(
        f"{model!r} finds when words are said, and cannot speak.",
        hint="Name it as --aligner, and another model as `model`.",
        field="model",
    )


def gave_way(waits_for: str | None) -> SidecarError:
    """Return the error for a request that waited for its client while another needed its place.

    Args:
        waits_for: "text", "credit" or "resume".
    """
    if waits_for == "credit":
        return CreditTimeout(
            f"No credit has come for {UNGRANTED_SECONDS:g} s, and another request needed the "
            "place.",
            hint="Cancel a stream that nobody listens to, or synthesize the rest of the text "
            "later.",
        )
    if waits_for == "resume":
        return PauseTimeout(
            f"The stream was paused for {UNGRANTED_SECONDS:g} s, and another request needed the "
            "place.",
            hint="Cancel a stream that nobody listens to, or synthesize the rest of the text "
            "later.",
        )
    return TextTimeout(
        f"No text has come for {STARVED_SECONDS:g} s, and a request with text needed the place.",
        hint="Open a stream when its text begins, or open fewer at a time.",
        field="text",
    )
