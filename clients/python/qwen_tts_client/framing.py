"""Frames: a header `Content-Length: N`, an empty line, and N bytes of JSON."""

from __future__ import annotations

import re

from qwen_tts_client.errors import SidecarProtocolError

MAX_BODY = 64 * 1024 * 1024
"""The largest body of a frame in both directions, until the handshake sets another limit."""

_MAX_HEADER = 4096
_HEADER_END = b"\r\n\r\n"
_FIELD = re.compile(rb"[\w-]+[ \t]*:[^\r\n]*")
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*([0-9]{1,15})[ \t]*", re.IGNORECASE)
_NAME = re.compile(rb"content-length[ \t]*:", re.IGNORECASE)
_BARE_LINE_FEED = re.compile(rb"(^|[^\r])\n")


def frame(body: bytes) -> bytes:
    """Return header and body in one piece, for one write, so that frames cannot mix."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FrameReader:
    """Splits a stream of bytes into the bodies of its frames."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._length: int | None = None

    def push(self, data: bytes) -> list[bytes]:
        """Add the next bytes, and return the bodies that they complete.

        Raises:
            SidecarProtocolError: they are not a frame, so the next one cannot be found.
        """
        self._data += data
        bodies: list[bytes] = []
        while (body := self._next()) is not None:
            bodies.append(body)
        return bodies

    def _next(self) -> bytes | None:
        if self._length is None:
            self._length = self._header()
        if self._length is None or len(self._data) < self._length:
            return None
        with memoryview(self._data) as data:
            body = bytes(data[: self._length])
        del self._data[: self._length]
        self._length = None
        return body

    def _header(self) -> int | None:
        """Take a header, and return the length of its body; None if it is not complete."""
        end = self._data.find(_HEADER_END, 0, _MAX_HEADER)
        if end < 0:
            # Otherwise, a stray line would be noticed only after 4096 bytes.
            if len(self._data) >= _MAX_HEADER or _BARE_LINE_FEED.search(self._data):
                raise _not_a_header(self._data)
            return None
        header = bytes(self._data[:end])
        del self._data[: end + len(_HEADER_END)]
        return _body_length(header)


def _body_length(header: bytes) -> int:
    lines = header.split(b"\r\n")
    lengths = [line for line in lines if _NAME.match(line)]
    found = _LENGTH.fullmatch(lengths[0]) if len(lengths) == 1 else None
    if found is None or not all(map(_FIELD.fullmatch, lines)):
        raise _not_a_header(header)
    length = int(found[1])
    if length > MAX_BODY:
        raise SidecarProtocolError(f"A frame of {length} bytes is too big.")
    return length


def _not_a_header(data: bytes | bytearray) -> SidecarProtocolError:
    start = ascii(bytes(data[:200]).decode("latin-1"))
    return SidecarProtocolError(
        f"The program wrote something other than a frame to stdout: {start}"
    )
