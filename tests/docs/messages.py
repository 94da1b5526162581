"""The messages of the protocol in blocks of code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.wire import SCHEMA, Message, check, check_message

_ARROW = re.compile(r"^[→←] ", re.MULTILINE)
_HEADER = re.compile(r"^Content-Length: \d+\\r\\n\\r\\n")
# What a page leaves out: a part of base64, or members that are of no interest there.
_ELISION = re.compile(r"…|\.\.\.")


def arrows(code: str) -> Iterator[tuple[str, str]]:
    """Return each message of a transcript with its arrow; a message may have several lines."""
    starts = [found.start() for found in _ARROW.finditer(code)]
    for start, end in zip(starts, [*starts[1:], len(code)], strict=True):
        # After an empty line there may be words about the message.
        text = code[start + 2 : end].partition("\n\n")[0]
        yield code[start], _HEADER.sub("", re.sub(r"\n\s+", "", text)).strip()


def checked(transcript: str) -> int:
    """Validate the messages of a transcript; return how many were complete enough for that."""
    methods: dict[Any, str] = {}
    count = 0
    for arrow, text in arrows(transcript):
        try:
            message = json.loads(text)
        except json.JSONDecodeError:
            if _ELISION.search(text):
                continue
            raise
        if arrow == "→":
            if "id" in message and "method" in message:
                methods[message["id"]] = message["method"]
            check_sent(message)
        elif "…" not in text and (message.get("id") in methods or "method" in message):
            check_message({"jsonrpc": "2.0", **message}, methods)
        count += 1
    return count


def check_sent(message: Message) -> None:
    """Validate a message of a client."""
    assert set(message) <= {"jsonrpc", "id", "method", "params"}
    params = SCHEMA["methods"][message["method"]]["params"]
    check(message.get("params", {}), params["$ref"].rpartition("/")[2])
