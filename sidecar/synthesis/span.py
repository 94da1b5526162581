"""A text that grows at its end, and is forgotten from its beginning."""

from __future__ import annotations

# Less than this is not worth a copy of the rest.
_LEAST_CHARS = 1000


class Span:
    """The part of a growing text that is still needed."""

    def __init__(self) -> None:
        self._kept = ""
        self._pieces: list[str] = []
        self._start = 0
        self.end = 0

    def add(self, text: str) -> None:
        """Add text at the end."""
        if text:
            self._pieces.append(text)
            self.end += len(text)

    def between(self, start: int, end: int) -> str:
        """Return a part of the text by its place in the whole text."""
        if self._pieces:
            self._kept = "".join([self._kept, *self._pieces])
            self._pieces = []
        return self._kept[start - self._start : end - self._start]

    def forget(self, before: int) -> None:
        """Drop text that is not needed any more, seldom: each time copies the rest."""
        if before - self._start > max(_LEAST_CHARS, len(self._kept) // 2):
            self._kept = self._kept[before - self._start :]
            self._start = before
