"""Messages to the sidecar, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from qwen_tts_client.errors import SidecarResponseError
from qwen_tts_client.protocol import ERROR_CODES, ErrorData

# Maximum nesting of a large field: `params.reference.audio`.
_DEPTH = 3


# Params whose keys are the app's own names.
_MAPS = ("speakers",)


def to_wire(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return params with the protocol's spelling of their names: `top_k` is `topK`."""
    return {
        _camel(name): {key: to_wire(one) for key, one in value.items()}
        if name in _MAPS
        else _value_to_wire(value)
        for name, value in params.items()
    }


def encode_message(message: dict[str, Any], max_bytes: int) -> bytes:
    """Return the JSON of a message whose params have bytes in place of base64.

    A message that is too long for the sidecar is refused here, if possible before it is encoded:
    the sidecar's own refusal might not say which request it was.

    Raises:
        SidecarResponseError: `messageTooLong`; or `invalidParams` for half a surrogate pair.
        TypeError: a param cannot be JSON.
    """
    least = _least_bytes(message["params"])
    if least > max_bytes:
        raise _too_long(message, least, max_bytes, " or more")
    try:
        body = msgspec.json.encode({"jsonrpc": "2.0", **message})
    except UnicodeEncodeError as error:
        reason = f"The text of {message['method']} has half a surrogate pair: {error.reason}."
        code = ERROR_CODES["invalidParams"]
        raise SidecarResponseError(reason, code, ErrorData(type="invalidParams")) from error
    if len(body) > max_bytes:
        raise _too_long(message, len(body), max_bytes)
    return body


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.title, rest))


def _value_to_wire(value: Any) -> Any:
    return to_wire(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else value


def _least_bytes(value: Any, depth: int = _DEPTH) -> int:
    """Return the least number of bytes of a value as JSON: a character takes one or more."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, (bytes, bytearray)):
        return (len(value) + 2) // 3 * 4
    if isinstance(value, dict) and depth:
        parts = cast("dict[str, Any]", value).values()
        return sum(_least_bytes(part, depth - 1) for part in parts)
    return 0


def _too_long(
    message: dict[str, Any], size: int, limit: int, or_more: str = ""
) -> SidecarResponseError:
    field = _largest_field(message["params"])
    hint = "Send it in several parts."
    if field == "reference.audio":
        hint = "Give a shorter recording, or a compressed one; or name its file by reference.path."
    return SidecarResponseError(
        f"A message of {size} bytes{or_more} is too long for the sidecar, whose limit is {limit}; "
        f"the largest field is {field} of {message['method']}.",
        ERROR_CODES["messageTooLong"],
        ErrorData(
            type="messageTooLong", field=field, hint=hint, message_bytes=size, limit_bytes=limit
        ),
    )


def _largest_field(params: dict[str, Any]) -> str:
    """Return the path of the largest field."""
    name, value = max(params.items(), key=lambda item: _least_bytes(item[1]))
    if isinstance(value, dict) and value:
        return f"{name}.{_largest_field(cast('dict[str, Any]', value))}"
    return name
