"""Frame bodies → handlers, on the reader's thread. It never waits for engine or disk."""

from __future__ import annotations

import logging
import re
from typing import Any, Literal, get_args, get_origin

import msgspec

from sidecar.audio.formats import ENCODINGS
from sidecar.errors import (
    DuplicateId,
    InvalidParams,
    InvalidRequest,
    MethodNotFound,
    SidecarError,
    UnknownEncoding,
    UnknownField,
)
from sidecar.rpc.calls import Call
from sidecar.rpc.error_objects import error_object
from sidecar.rpc.methods import METHODS, Method
from sidecar.rpc.session import Phase, Session
from sidecar.wire import jsonrpc, oversized
from sidecar.wire.framing import HEAD_BYTES, Oversized
from sidecar.wire.jsonrpc import EnvelopeError, ErrorResponse, Notification, Request
from sidecar.wire.leading import leading_members

log = logging.getLogger(__name__)

# msgspec's messages; DOTALL because a field's name may have a line break in it.
_WHERE = r"(?: - at `\$\.?(.*)`)?"
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*?)`" + _WHERE, re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(.*?)`" + _WHERE, re.DOTALL)
_WRONG_CHOICE = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_AT = re.compile(r"(.*?)" + _WHERE, re.DOTALL)


class Dispatcher:
    """Pass each message to its handler, and answer those that cannot be handled."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def handle(self, body: bytes | Oversized) -> None:
        """Handle one frame's body; errors in it are answered, not raised."""
        if isinstance(body, Oversized):
            refused = oversized.refusal(body)
            log.warning("%s", refused.error.message)
            self._refuse(refused)
            return
        try:
            message = jsonrpc.decode(body)
        except EnvelopeError as error:
            self._refuse(error)
            return
        except MemoryError as error:
            id = leading_members(body[:HEAD_BYTES]).get("id")
            self._session.outbox.put(ErrorResponse(id, error_object(error)))
            return
        if isinstance(message, Request):
            self._request(message)
        elif isinstance(message, Notification):
            self._notification(message)

    def _refuse(self, refused: EnvelopeError) -> None:
        """Answer a message that is no request.

        If it has the id of a request in flight, the error is duplicateId, so that a client does not
        take it for that request's answer.
        """
        error: SidecarError = refused.error
        if refused.id is not None and self._session.calls.find(refused.id) is not None:
            error = DuplicateId(f"A request with id {refused.id!r} is still running.")
        self._session.outbox.put(ErrorResponse(refused.id, error_object(error)))

    def _request(self, request: Request) -> None:
        try:
            call = self._session.calls.open(request.id)
        except SidecarError as error:
            self._session.outbox.put(ErrorResponse(request.id, error_object(error)))
            return
        try:
            self._call(call, request)
        except Exception as error:
            call.fail(error)

    def _call(self, call: Call[Any], request: Request) -> None:
        method = METHODS.get(request.method)
        if method is None or method.handler is None:
            raise MethodNotFound(
                f"There is no method {request.method!r}.",
                hint="capabilities.methods in initialize's answer lists them.",
            )
        if method.result is None:
            raise InvalidRequest(f"{request.method} is a notification; send it without an id.")
        self._session.check_phase(request.method, allowed_first=method.before_initialize)
        result = method.handler()(self._session, _params(request.params, method), call)
        if result is not None:
            call.reply(result)

    def _notification(self, message: Notification) -> None:
        method = METHODS.get(message.method)
        if method is None or method.result is not None or method.handler is None:
            log.debug("ignored notification %s", message.method)
            return
        if self._session.phase is Phase.NEW and not method.before_initialize:
            return
        try:
            method.handler()(self._session, _params(message.params, method))
        except Exception as error:
            log.warning("notification %s: %s", message.method, error)


def _params(raw: msgspec.Raw, method: Method) -> msgspec.Struct:
    """Decode params to the method's Struct.

    Raises:
        InvalidParams: or its most exact subclass; `field` is the wire path.
    """
    try:
        return msgspec.json.decode(raw, type=method.params)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), method.params) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidParams(f"The params are not valid JSON: {error}.") from None


def _invalid(message: str, params: type[msgspec.Struct]) -> InvalidParams:
    if match := _UNKNOWN_FIELD.fullmatch(message):
        field = _join(match[2], match[1])
        return UnknownField(f"There is no field {field!r}.", field=field)
    if match := _MISSING_FIELD.fullmatch(message):
        field = _join(match[2], match[1])
        return InvalidParams(f"The field {field!r} is missing.", field=field)
    match = _AT.fullmatch(message)
    reason, field = (match[1], match[2] or None) if match else (message, None)
    if field == "encoding":
        return UnknownEncoding(f"Unknown encoding. Known: {', '.join(ENCODINGS)}.", field=field)
    wrong, choices = _WRONG_CHOICE.fullmatch(reason), _choices(params, field)
    if wrong and choices:
        reason = f"{wrong[1]} is not one of {', '.join(map(repr, choices))}"
    return InvalidParams(f"{field or 'params'}: {reason}.", field=field)


def _choices(params: type[msgspec.Struct], field: str | None) -> list[str | int]:
    """Return the values that a field of `params` accepts; [] if it is not a choice of values."""
    kinds = [one.type for one in msgspec.structs.fields(params) if one.encode_name == field]
    return [value for kind in kinds for value in _literals(kind)]


def _literals(kind: Any) -> list[str | int]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [value for part in get_args(kind) for value in _literals(part)]


def _join(parent: str | None, field: str) -> str:
    return f"{parent}.{field}" if parent else field
