"""JSON-RPC messages between a connection and the bridge, as text."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import msgspec

from qwen_tts_client.errors import SidecarError, SidecarResponseError
from qwen_tts_client.protocol import ERROR_CODES, ErrorData

Id = int | str
Params = dict[str, Any]


class Refusal(Exception):
    """A request that the bridge answers with an error by itself.

    Args:
        type: one of the protocol's error types.
        id: of the request; None if it cannot be known.
    """

    def __init__(
        self,
        type: str,
        message: str,
        *,
        id: Id | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.type = type
        self.id = id
        self.data = ErrorData(type=type, field=field, hint=hint)


class Incoming(msgspec.Struct):
    """A request or a notification of a client; a notification has no id."""

    method: str
    params: Any
    id: Id | None = None


class _Envelope(msgspec.Struct):
    jsonrpc: Any = None
    id: Any = msgspec.UNSET
    method: Any = msgspec.UNSET
    params: msgspec.Raw = msgspec.Raw(b"null")
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Envelope).decode


def read(text: str | bytes) -> Incoming | None:
    """Return a client's message; None for a response, which is ignored.

    Raises:
        Refusal: it is not a message of JSON-RPC 2.0.
    """
    envelope = _open(text)
    known = _as_id(envelope.id)
    if envelope.jsonrpc != "2.0" or (known is None and envelope.id is not msgspec.UNSET):
        raise Refusal("invalidRequest", "The message is not JSON-RPC 2.0.", id=known)
    if envelope.method is msgspec.UNSET and (
        envelope.result is not msgspec.UNSET or envelope.error is not msgspec.UNSET
    ):
        return None
    if not isinstance(envelope.method, str):
        raise Refusal("invalidRequest", "The message has no `method`.", id=known)
    try:
        params = msgspec.json.decode(envelope.params)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if known is None:
            return None
        raise Refusal("invalidParams", f"The params cannot be read: {error}", id=known) from None
    return Incoming(envelope.method, {} if params is None else params, known)


def _open(text: str | bytes) -> _Envelope:
    try:
        try:
            return _decode(text)
        except msgspec.ValidationError:
            msgspec.json.decode(text)  # what is no object may be no JSON either
            raise Refusal("invalidRequest", "A message is one JSON object.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _unreadable(text, error) from None


def _unreadable(text: str | bytes, cause: Exception) -> Refusal:
    """Return why a message cannot be read; the standard library's reader is less strict."""
    constants: list[str] = []
    try:
        value: Any = json.loads(text, parse_constant=constants.append)
    except (ValueError, RecursionError):
        return Refusal("parseError", f"The message is not JSON: {cause}")
    known = _as_id(as_params(value).get("id"))
    if constants:
        return Refusal("notFinite", f"{constants[0]} is not JSON.", id=known)
    return Refusal("invalidParams", f"The message cannot be read: {cause}", id=known)


def _as_id(value: Any) -> Id | None:
    """Return an id that can be repeated in an answer; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:  # half a surrogate pair
            return None
    return value


def as_params(params: Any) -> Params:
    """Return params that are an object; for anything else, an empty one."""
    return cast("Params", params) if isinstance(params, dict) else {}


def as_number(value: Any) -> float | None:
    """Return a number that is not negative; None for anything else, and beyond a float's range."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def key(value: Any) -> tuple[str, Any]:
    """Return an id or a token with its type: 1 and "1" are two. What is neither matches nothing."""
    return type(value).__name__, value if isinstance(value, (int, str)) else None


def result(id: Id, value: Any) -> bytes:
    """Return the answer of a request that succeeded."""
    return msgspec.json.encode({"id": id, "result": value, "jsonrpc": "2.0"})


def error(id: Id | None, code: int, message: str, data: Any) -> bytes:
    """Return the answer of a request that failed."""
    content = {"code": code, "message": message, "data": data}
    return msgspec.json.encode({"id": id, "error": content, "jsonrpc": "2.0"})


def refused(refusal: Refusal) -> bytes:
    """Return the answer of a request that the bridge refuses."""
    return error(refusal.id, ERROR_CODES[refusal.type], str(refusal), refusal.data)


def error_type(cause: BaseException) -> str:
    """Return the type of the error that a request is answered with."""
    if isinstance(cause, (SidecarResponseError, Refusal)):
        return cause.type
    return "cancelled" if isinstance(cause, asyncio.CancelledError) else "sidecarExited"


def failed(id: Id, cause: BaseException) -> bytes:
    """Return the answer of a request that the sidecar refused, or did not answer any more.

    What a dead process wrote to stderr is not for its clients.
    """
    if isinstance(cause, SidecarResponseError):
        return error(id, cause.code, cause.reason, cause.data)
    first = str(cause).splitlines()[0] if isinstance(cause, SidecarError) else "It failed."
    return refused(
        Refusal(
            "sidecarExited",
            f"The sidecar did not answer: {first}",
            id=id,
            hint="Send the request again if it may be done twice.",
        )
    )


def progress(token: Id, value: msgspec.Struct) -> bytes:
    """Return progress other than audio."""
    params = {"token": token, "value": value}
    return msgspec.json.encode({"method": "$/progress", "params": params, "jsonrpc": "2.0"})
