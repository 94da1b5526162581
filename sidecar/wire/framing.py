r"""Content-Length framing, the base protocol of LSP, without any I/O.

    Content-Length: 42\r\n
    \r\n
    <42 bytes of UTF-8 JSON>

We read header names in any case and order and ignore the ones we do not know. We write
exactly one header, because some clients accept nothing else (see protocol/README.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sidecar.errors import FramingError

MAX_HEADER_BYTES = 4096
MAX_BODY_BYTES = 64 * 1024 * 1024

_END_OF_HEADER = b"\r\n\r\n"
_HEADER_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*")
_NUMBER = re.compile(rb"[0-9]{1,15}")


def encode_frame(body: bytes) -> bytes:
    """Returns `body` with the one header in front of it."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FrameParser:
    """Bytes in any portions → bodies of frames.

    Memory is bounded by `max_header + max_body`; a body's length is checked before any of
    it is kept.
    """

    def __init__(self, max_header: int = MAX_HEADER_BYTES, max_body: int = MAX_BODY_BYTES) -> None:
        self._max_header = max_header
        self._max_body = max_body
        self._buffer = bytearray()
        self._body_length: int | None = None  # None while we are inside a header

    @property
    def at_boundary(self) -> bool:
        """Whether the stream may end here without cutting a frame."""
        return self._body_length is None and not self._buffer

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yields the bodies that `data` completes.

        Raises:
            FramingError: the stream cannot be followed any further.
        """
        self._buffer += data
        while True:
            if self._body_length is None and not self._take_header():
                return
            assert self._body_length is not None
            if len(self._buffer) < self._body_length:
                return
            body = bytes(self._buffer[: self._body_length])
            del self._buffer[: self._body_length]
            self._body_length = None
            yield body

    def _take_header(self) -> bool:
        end = self._buffer.find(_END_OF_HEADER, 0, self._max_header)
        if end < 0:
            self._reject_hopeless_header()
            return False
        header = bytes(self._buffer[:end])
        del self._buffer[: end + len(_END_OF_HEADER)]
        self._body_length = self._parse_header(header)
        return True

    def _reject_hopeless_header(self) -> None:
        """So that a client that speaks something else hears of it now, not after 4 KiB."""
        start = bytes(self._buffer[:40])
        if start and not start[:1].isalpha():
            raise FramingError(
                f"expected a 'Content-Length: N' header, got {start!r}; "
                "each message needs that header, an empty line, then N bytes of JSON"
            )
        if len(self._buffer) >= self._max_header:
            raise FramingError(f"header longer than {self._max_header} bytes: {start!r}…")
        *lines, _ = self._buffer.split(b"\n")
        for line in lines:
            if not line.endswith(b"\r"):
                raise FramingError(f"header lines must end with CR LF, not LF alone: {start!r}")
            self._match_line(bytes(line[:-1]))

    def _parse_header(self, header: bytes) -> int:
        length: int | None = None
        for line in header.split(b"\r\n"):
            name, value = self._match_line(line)
            if name.lower() != b"content-length":
                continue
            if length is not None:
                raise FramingError("two Content-Length headers in one frame")
            length = self._parse_length(value)
        if length is None:
            raise FramingError(f"no Content-Length in header {header[:80]!r}")
        return length

    def _match_line(self, line: bytes) -> tuple[bytes, bytes]:
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            raise FramingError(f"malformed header line {line[:80]!r}")
        return match[1], match[2]

    def _parse_length(self, value: bytes) -> int:
        if not _NUMBER.fullmatch(value):
            raise FramingError(f"Content-Length is not a number of bytes: {value[:40]!r}")
        length = int(value)
        if length > self._max_body:
            raise FramingError(f"Content-Length {length} is over the limit of {self._max_body}")
        return length
