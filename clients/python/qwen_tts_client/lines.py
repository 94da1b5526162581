"""The lines of stderr."""

from __future__ import annotations

import codecs
import re

MAX_LINE_CHARS = 64 * 1024
"""A longer line is passed on in pieces, so that output without line ends is not collected."""

_LINE_END = re.compile(r"(\r*\n|\r+)")


class LineReader:
    """Splits text that arrives in pieces into lines.

    A carriage return ends a line, too, since progress bars use it to redraw themselves.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unfinished = ""
        self._after_return = False

    def push(self, data: bytes) -> list[str]:
        """Return the lines that the bytes complete."""
        text = self._decoder.decode(data)
        if not text:
            return []
        # The second half of a CR LF whose first half has already ended the line.
        if self._after_return:
            text = text.removeprefix("\n")
        self._after_return = text.endswith("\r")
        *parts, rest = _LINE_END.split(self._unfinished + text)
        lines: list[str] = []
        for line, end in zip(parts[::2], parts[1::2], strict=True):
            # A carriage return at the start of an empty line does not end a line.
            if line or end.endswith("\n"):
                lines += _cut(line)
        *pieces, self._unfinished = _cut(rest)
        return lines + pieces

    def end(self) -> list[str]:
        """Return the last line if the text ended without a line end."""
        rest = self._unfinished + self._decoder.decode(b"", final=True)
        self._unfinished = ""
        return [rest] if rest else []


def _cut(line: str) -> list[str]:
    return [line[at : at + MAX_LINE_CHARS] for at in range(0, len(line), MAX_LINE_CHARS)] or [""]
