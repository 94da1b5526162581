"""The handshake of a connection, which the bridge answers by itself."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from qwen_tts_client.bridge.messages import Refusal
from qwen_tts_client.protocol import PROTOCOL_VERSION, InitializeResult, Limits

_FIELD = re.compile(r"`\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


class _ClientInfo(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    version: str | None = None


class _Params(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    protocol_version: int
    client_info: _ClientInfo
    process_id: int | None = None
    log_messages: str | None = None


def answer(
    params: Any, server: InitializeResult, message_bytes: int, credit_ms: int, requests: int
) -> tuple[str, InitializeResult]:
    """Return the client's name, and the sidecar's own answer with the limits of a connection.

    Raises:
        Refusal: the params are wrong, or ask for what a server of many clients does not do.
    """
    given = _checked(params)
    if given.protocol_version != PROTOCOL_VERSION:
        raise Refusal(
            "protocolVersionMismatch",
            f"This server speaks version {PROTOCOL_VERSION} of the protocol, not "
            f"{given.protocol_version}.",
            field="protocolVersion",
            hint="Use a client and a server that speak the same protocol version.",
        )
    if given.log_messages is not None:
        raise Refusal(
            "invalidParams",
            "`logMessages` is not available: the log concerns the clients of all connections.",
            field="logMessages",
        )
    limits: Limits = replace(
        server.capabilities.limits,
        max_message_bytes=min(message_bytes, server.capabilities.limits.max_message_bytes),
        max_credit_ms=credit_ms,
        max_requests=requests,
    )
    return given.client_info.name, replace(
        server, capabilities=replace(server.capabilities, limits=limits)
    )


def _checked(params: Any) -> _Params:
    try:
        return msgspec.convert(params, _Params)
    except msgspec.ValidationError as error:
        where, unknown = _FIELD.search(str(error)), _UNKNOWN.search(str(error))
        path = where[1] if where else ""
        if unknown is None:
            raise Refusal("invalidParams", f"{error}.", field=path or None) from None
        field = f"{path}.{unknown[1]}" if path else unknown[1]
        raise Refusal("unknownField", f"There is no field '{field}'.", field=field) from None
