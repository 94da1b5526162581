"""A stream that takes a while, to do something else in the middle of it."""

from __future__ import annotations

from tests.support.harness import Sidecar

LONG = "He finished reading the long letter, folded it carefully, and put it back in the box. "


def speaking(server: Sidecar, text: str = LONG * 3) -> int:
    """Starts a stream and returns its id once audio flows."""
    id = server.request(
        "speech/synthesize", {"text": text, "partialResultToken": "s", "chunk": {"maxFrames": 1}}
    )
    server.next_progress("s")
    server.next_progress("s")
    return id
