"""Streams with bent headers, and the point from which the protocol cannot follow them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from tests.robustness.mutations import broken

_MAX_HEADER = 4096
_MAX_DISCARD = 1024 * 1024 * 1024
_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*")


@dataclass(frozen=True)
class Followed:
    """The bodies of a stream, those over the limit too, and the exit codes that may follow."""

    bodies: list[bytes]
    codes: tuple[int, ...]


def follow(
    stream: bytes, max_header: int = _MAX_HEADER, max_discard: int = _MAX_DISCARD
) -> Followed:
    """Read a stream by protocol/README.md, under Framing; this shares no code with the sidecar."""
    bodies: list[bytes] = []
    while stream:
        end = stream.find(b"\r\n\r\n", 0, max_header)
        if end < 0:
            # The stream ends within a header, which is already wrong, or only cut off.
            line_feed = re.search(rb"[^\r]\n", stream[:max_header])
            hopeless = len(stream) >= max_header or line_feed
            return Followed(bodies, (76,) if hopeless else (0, 76))
        length = _length(stream[:end], max_discard)
        if length is None:
            return Followed(bodies, (76,))
        body, stream = stream[end + 4 : end + 4 + length], stream[end + 4 + length :]
        if len(body) < length:
            break
        bodies.append(body)
    return Followed(bodies, (0,))


def _length(header: bytes, most: int) -> int | None:
    lengths: list[bytes] = []
    for line in header.split(b"\r\n"):
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        if match[1].lower() == b"content-length":
            lengths.append(match[2])
    if len(lengths) != 1 or not re.fullmatch(rb"[0-9]{1,15}", lengths[0]):
        return None
    return length if (length := int(lengths[0])) <= most else None


_BAD = [
    b"Content-Length: -1\r\n\r\n", b"Content-Length: 1e3\r\n\r\n",
    b"Content-Length: 1073741825\r\n\r\n", b"Content-Length: 67108865\r\n\r\n{",
    b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", b"Content-Type: x\r\n\r\n{}",
    b"\r\n\r\n", b"Content-Length: 2\n\n{}", b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
    b"Length 5\r\n\r\n",
    b"X: " + b"a" * 5000, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"Content-Length:\r\n\r\n", b"Content-Length: 0x2\r\n\r\n{}", b"Content-Length : 2 2\r\n\r\n{}",
]  # fmt: skip


def bent_stream(random: Random) -> bytes:
    """Return pings, with a wrong header after some of them."""
    frames: list[bytes] = []
    for number in range(random.randint(1, 4)):
        body = b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % number
        frames.append(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    last = random.choice(_BAD) if random.random() < 0.4 else broken(random, random.choice(frames))
    return b"".join([*frames, last, random.choice([b"", frames[0]])])
