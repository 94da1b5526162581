"""The JSON object in the body of a request."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request

from qwen_tts_cluster.doors.openai.errors import HttpError, bad_request

# More than the longest text that is accepted, in any script.
_MAX_BYTES = 8 * 1024 * 1024
_JSON = re.compile(r"application/json\b", re.IGNORECASE)

Body = dict[str, Any]


async def read_json(request: Request) -> Body:
    """Return the JSON object in a request's body.

    Raises:
        HttpError: 400 if it is something else; 413 if it has more than 8 MiB.
    """
    # A web page may send other types across origins without a preflight request, but not this one.
    if not _JSON.match(request.headers.get("content-type", "")):
        raise bad_request("The body must be application/json.")
    try:
        value = msgspec.json.decode(await _read(request))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad_request("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object.")
    return value  # pyright: ignore[reportUnknownVariableType]


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BYTES:
            raise HttpError(413, f"The body has more than {_MAX_BYTES} bytes.")
    return bytes(body).removeprefix(b"\xef\xbb\xbf")


def optional_string(body: Body, name: str) -> str | None:
    """Return an optional string of the body.

    Raises:
        HttpError: 400 if it is something else.
    """
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise bad_request(f"{name} must be a string.", name)
