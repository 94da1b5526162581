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
from dataclasses import dataclass
from typing import ClassVar

MAX_HEADER_BYTES = 4096
# To decode a message holds the interpreter's lock for up to 4 ms for each MiB, and all other
# threads wait meanwhile.
MAX_BODY_BYTES = 16 * 1024 * 1024
# A larger body, up to this size, is read and thrown away; a header beyond it is an error.
MAX_DISCARD_BYTES = 1024 * 1024 * 1024
# This many bytes of such a body are kept, since the id may be among them.
HEAD_BYTES = 4096

_END_OF_HEADER = b"\r\n\r\n"
_HEADER_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*")
_NUMBER = re.compile(rb"[0-9]{1,15}")


class FramingError(Exception):
    """The byte stream is not Content-Length framing; there is no way to find the next frame.

    It is never answered on the wire: the process writes one line to stderr and ends with the exit
    code `EXIT_CODE`.
    """

    EXIT_CODE: ClassVar[int] = 76  # EX_PROTOCOL of sysexits.h


def encode_frame(body: bytes) -> bytes:
    """Return `body` with the one header in front of it."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@dataclass(frozen=True)
class Oversized:
    """A frame that was over the limit, and that has been read to its end.

    Attributes:
        length: bytes of its body.
        head: the first `HEAD_BYTES` of them, or fewer where there were fewer.
    """

    length: int
    head: bytes


class FrameParser:
    """A parser that turns bytes in any portions into the bodies of frames.

    Memory is bounded by `max_header + max_body` and one portion: a body's length is checked before
    any of it is kept, and only the head of a body over `max_body` is kept.

    Args:
        max_discard: the longest body that is read and thrown away; a longer one is an error.
    """

    def __init__(
        self,
        max_header: int = MAX_HEADER_BYTES,
        max_body: int = MAX_BODY_BYTES,
        max_discard: int = MAX_DISCARD_BYTES,
    ) -> None:
        self._max_header = max_header
        self._max_body = max_body
        self._max_discard = max_discard
        self._buffer = bytearray()
        self._body_length: int | None = None  # None while we are inside a header
        self._head: bytes | None = None  # of a body that is being discarded
        self._to_discard = 0

    @property
    def at_boundary(self) -> bool:
        """Return whether the stream may end here without cutting a frame."""
        return self._body_length is None and not self._buffer

    def feed(self, data: bytes) -> Iterator[bytes | Oversized]:
        """Yield the bodies that `data` completes.

        Raises:
            FramingError: the stream cannot be followed any further.
        """
        if self._to_discard > len(data):  # the buffer is empty then: nothing needs to be copied
            self._to_discard -= len(data)
            return
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> bytes | Oversized | None:
        """Return the next frame; None until more bytes come."""
        if self._body_length is None and not self._take_header():
            return None
        assert self._body_length is not None
        if self._body_length > self._max_body:
            return self._discard(self._body_length)
        if len(self._buffer) < self._body_length:
            return None
        body = self._take(self._body_length)
        self._body_length = None
        return body

    def _discard(self, length: int) -> Oversized | None:
        """Drop the received part of the body except its head; return None until all has arrived."""
        if self._head is None:
            kept = min(length, HEAD_BYTES)
            if len(self._buffer) < kept:
                return None
            self._head, self._to_discard = self._take(kept), length - kept
        dropped = min(self._to_discard, len(self._buffer))
        del self._buffer[:dropped]
        self._to_discard -= dropped
        if self._to_discard:
            return None
        frame = Oversized(length, self._head)
        self._body_length = self._head = None
        return frame

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _take_header(self) -> bool:
        end = self._buffer.find(_END_OF_HEADER, 0, self._max_header)
        if end < 0:
            self._reject_hopeless_header()
            return False
        header = self._take(end + len(_END_OF_HEADER))[:end]
        self._body_length = self._parse_header(header)
        return True

    def _reject_hopeless_header(self) -> None:
        """Raise at once for a client that speaks another protocol, not only after 4 KiB."""
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
        if length > max(self._max_body, self._max_discard):
            raise FramingError(
                f"Content-Length {length} is over the limit of {self._max_body} and too long to "
                f"read past; that is done up to {self._max_discard}"
            )
        return length
