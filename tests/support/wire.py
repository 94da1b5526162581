"""The wire as clients see it: frames, and the schema that every message is checked against.

It shares no code with the sidecar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
from qwen_tts_client import protocol

if TYPE_CHECKING:
    import jsonschema

_PROGRESS = (
    protocol.AudioProgress
    | protocol.SentenceProgress
    | protocol.WordsProgress
    | protocol.LoadProgress
    | protocol.VoiceProgress
)

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "protocol" / "schema.json").read_text())

Message = dict[str, Any]


def frame(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_frame(stream: IO[bytes]) -> Message | None:
    """Return the next message, or None at a clean end; anything but a frame fails."""
    header = stream.readline()
    if not header:
        return None
    match = re.fullmatch(rb"Content-Length: ([1-9][0-9]*)\r\n", header)
    assert match, f"not a frame: {header!r}"
    length = int(match[1])
    assert stream.readline() == b"\r\n"
    body = stream.read(length)
    assert len(body) == length, "the last frame was cut"
    message = json.loads(body)
    assert message["jsonrpc"] == "2.0"
    return message


@cache
def _validator(definition: str) -> jsonschema.Draft202012Validator:
    # This takes a second. The process that hands out the tests does not need it.
    import jsonschema

    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    )


def check(instance: Any, definition: str) -> None:
    """Validate against one of the schema's `$defs`, and by the Python client's type for it."""
    _validator(definition).validate(instance)
    if definition == "ProgressParams":
        msgspec.convert(instance["value"], _PROGRESS)
    elif hasattr(protocol, definition):
        msgspec.convert(instance, getattr(protocol, definition))


def check_message(message: Message, methods: Mapping[Any, str]) -> None:
    """Validate one message of the server; `methods` has the method of each request by its id."""
    if message.get("method") == "$/progress":
        check(message["params"], "ProgressParams")
    elif message.get("method") == "window/logMessage":
        check(message["params"], "LogMessageParams")
    elif "error" in message:
        check(message["error"]["data"], "ErrorData")
    else:
        method = SCHEMA["methods"][methods[message["id"]]]
        check(message["result"], method["result"]["$ref"].rpartition("/")[2])
