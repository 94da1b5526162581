"""JSON-RPC 2.0 envelopes: bytes → `Request` or `Notification`, and answers → bytes.

Params stay raw bytes here; the dispatcher decodes them once it knows the method's Struct.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sidecar.errors import HeardSpeech, InvalidParams, InvalidRequest, NotFinite, ParseError
from sidecar.wire.framing import HEAD_BYTES
from sidecar.wire.leading import Id, leading_members

_NO_PARAMS = msgspec.Raw(b"{}")
# A longer message is not looked through for the place of a mistake: that takes seconds and many
# times its size, during which nothing else is read.
_EXAMINED_BYTES = 256 * 1024


class Request(msgspec.Struct, frozen=True):
    id: Id
    method: str
    params: msgspec.Raw


class Notification(msgspec.Struct, frozen=True):
    method: str
    params: msgspec.Raw


class ErrorData(msgspec.Struct, omit_defaults=True, rename="camel"):
    """The part of an error that programs read: `type` is stable, the message is not."""

    type: Annotated[str, Meta(description="The stable name of the error.")]
    field: Annotated[
        str | None,
        Meta(
            description="The param at fault as a path, e.g. sampling.topK. Absent: no single one."
        ),
    ] = None
    hint: Annotated[
        str | None, Meta(description="What can be done, in a sentence. Absent: nothing is known.")
    ] = None
    needed_bytes: Annotated[
        int | None, Meta(description="Disk space that is needed, in bytes; with diskFull.")
    ] = None
    free_bytes: Annotated[
        int | None, Meta(description="Disk space that is free, in bytes; with diskFull.")
    ] = None
    retry_after_seconds: Annotated[
        float | None,
        Meta(description="How long to wait before trying again, in seconds; with hubRateLimited."),
    ] = None
    message_bytes: Annotated[
        int | None, Meta(description="Length of the message in bytes; with messageTooLong.")
    ] = None
    limit_bytes: Annotated[
        int | None,
        Meta(description="Longest message that is taken, in bytes; with messageTooLong."),
    ] = None
    text_offset: Annotated[
        int | None,
        Meta(
            description="Where in the request's text the fault is, in characters (Unicode code "
            "points); with invalidMarkup and unknownSpeaker."
        ),
    ] = None
    heard: Annotated[
        HeardSpeech | None,
        Meta(
            description="What was heard of a speech with a `partialResultToken`; with cancelled. "
            "Absent: no audio was sent."
        ),
    ] = None


class ErrorObject(msgspec.Struct):
    code: int
    message: str
    data: ErrorData


class Response(msgspec.Struct):
    id: Id
    result: Any
    jsonrpc: str = "2.0"


class ErrorResponse(msgspec.Struct):
    id: Id | None
    error: ErrorObject
    jsonrpc: str = "2.0"


class OutgoingNotification(msgspec.Struct):
    method: str
    params: Any
    jsonrpc: str = "2.0"


Outgoing = Response | ErrorResponse | OutgoingNotification


class EnvelopeError(Exception):
    """A message that cannot be dispatched; carries the error and the id to answer with."""

    def __init__(self, error: InvalidRequest | ParseError | InvalidParams, id: Id | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.id = id


class _Envelope(msgspec.Struct):
    jsonrpc: str
    method: str | msgspec.UnsetType = msgspec.UNSET
    id: Id | msgspec.UnsetType | None = msgspec.UNSET
    params: msgspec.Raw = _NO_PARAMS
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Id(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")


_decoder = msgspec.json.Decoder(_Envelope)
_encoder = msgspec.json.Encoder()


def decode(body: bytes) -> Request | Notification | None:
    """Decode one frame's body; return None for a response, since the server sends no requests.

    Raises:
        EnvelopeError: with the JSON-RPC error to answer with.
    """
    try:
        if not body.isascii():
            body.decode()  # msgspec does not look into members that it passes over
        envelope = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(body, error) from None
    # The last two are outside of msgspec's own error tree.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unparsable(body, error) from None
    return _classify(envelope)


def _classify(envelope: _Envelope) -> Request | Notification | None:
    id = envelope.id
    known = None if id is msgspec.UNSET else id
    if envelope.jsonrpc != "2.0":
        raise EnvelopeError(InvalidRequest('"jsonrpc" must be "2.0".'), known)
    if envelope.method is msgspec.UNSET:
        if envelope.result is msgspec.UNSET and envelope.error is msgspec.UNSET:
            raise EnvelopeError(InvalidRequest('The message has no "method".'), known)
        return None
    # Not a copy of all params, which may have many megabytes.
    is_null = memoryview(envelope.params)[:5].tobytes() == b"null"
    params = _NO_PARAMS if is_null else envelope.params
    if id is msgspec.UNSET:
        return Notification(envelope.method, params)
    if id is None:
        raise EnvelopeError(InvalidRequest('A request\'s "id" must be a number or a string.'), None)
    return Request(id, envelope.method, params)


def _invalid(body: bytes, error: msgspec.ValidationError) -> EnvelopeError:
    """Return the error for a wrong type; msgspec stops there, and the rest may not even be JSON."""
    id: Id | None = None
    try:
        given = bytes(msgspec.json.decode(body, type=_Id).id)
        id = _valid_id(msgspec.json.decode(given)) if len(given) <= _EXAMINED_BYTES else None
    except msgspec.ValidationError:  # no object; its syntax is still to be looked at
        try:
            msgspec.json.decode(body, type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as worse:
            return _unparsable(body, worse)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as worse:
        return _unparsable(body, worse)
    return EnvelopeError(InvalidRequest(f"Not a JSON-RPC 2.0 message: {error}."), id)


def _id_of(message: Any) -> Id | None:
    return _valid_id(message.get("id")) if isinstance(message, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # JSON of any shape


def _valid_id(id: Any) -> Id | None:
    if isinstance(id, str) and _has_half_pair(id):
        return None  # it could not be written
    return id if isinstance(id, int | str) and not isinstance(id, bool) else None


def _has_half_pair(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _unparsable(body: bytes, error: Exception) -> EnvelopeError:
    """Return the error for a body that is not JSON, with its id for two mistakes of encoders.

    Python's json writes NaN and Infinity; JavaScript's writes the half of a cut emoji.
    """
    if len(body) > _EXAMINED_BYTES:
        return _too_long_to_examine(body, error)
    message = _lenient(body)
    path = _non_finite_path(message)
    if path is not None:
        field = path.removeprefix("params.")
        return EnvelopeError(
            NotFinite(f"{field} is NaN or infinite.", hint="Send a finite number.", field=field),
            _id_of(message),
        )
    if message is not None:
        return EnvelopeError(
            InvalidParams(
                "A string in the message has half a surrogate pair in it.",
                hint="A character was cut in two; send whole ones.",
            ),
            _id_of(message),
        )
    return EnvelopeError(ParseError(f"The message is not valid JSON: {error}."), None)


def _too_long_to_examine(body: bytes, error: Exception) -> EnvelopeError:
    """Return the error for a long body that is not JSON, with its id if that comes first."""
    id = leading_members(body[:HEAD_BYTES]).get("id")
    said = f"The message is not valid JSON: {error}."
    hint = "NaN, Infinity and half a surrogate pair are not JSON." if _has_marks(body) else None
    return EnvelopeError(ParseError(said, hint=hint), id)


def _has_marks(body: bytes) -> bool:
    return any(mark in body for mark in (b"NaN", b"Infinity", b"\\u"))


def _lenient(body: bytes) -> Any:
    """Return what Python's json reads from a body that msgspec refuses; None if it cannot."""
    if not _has_marks(body):
        return None
    import json  # 5 ms of start-up that only this case needs

    try:
        return json.loads(body.decode())  # given bytes, it would take a byte order mark
    except (ValueError, RecursionError):
        return None


# (path of the parent, name or index). It is joined into text only for an error, since a very long
# name may contain very many values.
_Path = tuple["_Path | None", str | int]


def _non_finite_path(message: Any) -> str | None:
    """Return the path of the first NaN or infinity.

    The search does not recurse, since a client could exhaust the stack.
    """
    values: list[tuple[_Path | None, Any]] = [(None, message)]
    while values:
        path, value = values.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return _joined(path)
        inner: list[tuple[_Path | None, Any]] = []
        if isinstance(value, dict):
            inner = [((path, str(k)), v) for k, v in value.items()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON of any shape
        elif isinstance(value, list):
            inner = [((path, i), v) for i, v in enumerate(value)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON of any shape
        values += reversed(inner)
    return None


def _joined(path: _Path | None) -> str:
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")


def encode(message: Outgoing) -> bytes:
    """Return the JSON of one message; `bytes` fields become base64."""
    try:
        return _encoder.encode(message)
    except (TypeError, ValueError, OverflowError) as error:  # a bug; its request is still answered
        if not isinstance(message, Response):
            raise
        data = ErrorData("internalError")
        return _encoder.encode(
            ErrorResponse(message.id, ErrorObject(-32603, f"Internal error: {error}.", data))
        )
