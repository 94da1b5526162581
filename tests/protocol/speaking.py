"""A stream that takes a while, so that a test can do something else during it."""

from __future__ import annotations

from tests.support.harness import Sidecar

LONG = "He finished reading the long letter, folded it carefully, and put it back in the box. "


def speaking(server: Sidecar, text: str = LONG * 3) -> int:
    """Start a stream and return its id once audio arrives."""
    id = server.request(
        "speech/synthesize", {"text": text, "partialResultToken": "s", "chunk": {"maxFrames": 1}}
    )
    server.next_progress("s")
    server.next_progress("s")
    return id
