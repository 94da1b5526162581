"""The sidecar's messages in the words of OpenAI's API."""

from __future__ import annotations

import re

# The sidecar's params that have another name here.
_PARAMS = {"text": "input", "instruct": "instructions", "encoding": "response_format"}
# The params of a request, by their names in the sidecar's errors. Others cannot be sent over HTTP.
_SENT = {*_PARAMS, "model", "voice", "language", "seed", "speed"}
# The sidecar's methods, and the requests that do the same here.
_METHODS = {"model/list": "GET /v1/models", "voice/list": "GET /v1/audio/voices"}

_PARAM = re.compile("`(text|instruct|encoding)`")
_METHOD = re.compile(r"(?<![\w./-])((?:model|voice)/\w+)(?: on the wire)?")


def http_message(message: str) -> str:
    """Return a message: `instruct` is `instructions`, and `model/list` is `GET /v1/models`."""
    message = _PARAM.sub(lambda found: f"`{_PARAMS[found[1]]}`", message)
    message = message.replace("`reference` or `voice`", "`voice`")
    return _METHOD.sub(lambda found: _METHODS.get(found[1], found[0]), message)


def http_param(field: str | None) -> str | None:
    """Return the name that a param has here, or None for one that cannot be sent."""
    return _PARAMS.get(field, field) if field in _SENT else None
