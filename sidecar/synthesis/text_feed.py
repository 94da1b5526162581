"""The text of one synthesis, which may still be being written while it is spoken."""

from __future__ import annotations

import threading

from sidecar.errors import too_long
from sidecar.limits import MAX_TEXT_CHARS


class TextFeed:
    """Carries text from the threads that write it to the one thread that takes it.

    Attributes:
        is_live: whether the text was open for more when the feed was made.

    Args:
        text: the beginning of the text, or all of it.
        is_live: whether more text may be written.
        limit: how many characters the whole text may have.

    Raises:
        TextTooLong: `text` alone exceeds the limit.
    """

    def __init__(
        self, text: str = "", *, is_live: bool = False, limit: int = MAX_TEXT_CHARS
    ) -> None:
        self.is_live = is_live
        self._limit = limit
        self._length = 0
        self._parts: list[list[str]] = [[]]  # the pieces between two flushes
        self._all: list[str] = []
        self._has_ended = False
        self._lock = threading.Lock()
        self.write(text)
        self._has_ended = not is_live

    def write(self, text: str) -> None:
        """Add text. After the end, it is ignored.

        Raises:
            TextTooLong: the whole text exceeds the limit.
        """
        with self._lock:
            if self._has_ended:
                return
            self._length += len(text)
            if self._length > self._limit:
                raise too_long("text", self._length, limit=self._limit)
            self._parts[-1].append(text)
            self._all.append(text)

    def flush(self) -> None:
        """Note that what was written so far is to be spoken now. After the end, it is ignored."""
        with self._lock:
            if not self._has_ended and (len(self._parts) == 1 or self._parts[-1]):
                self._parts.append([])

    def end(self) -> None:
        """Note that no more text will come."""
        with self._lock:
            self._has_ended = True

    def peek(self) -> str:
        """Return the text that `take` will return."""
        with self._lock:
            return "".join(piece for part in self._parts for piece in part)

    @property
    def whole(self) -> str:
        """All of the text that was written."""
        with self._lock:
            self._all = ["".join(self._all)]
            return self._all[0]

    def take(self) -> tuple[list[str], bool]:
        """Return the text written since the last call, and whether it is the last of it.

        Between two parts of it there was a flush.
        """
        with self._lock:
            parts, self._parts = ["".join(part) for part in self._parts], [[]]
            return parts, self._has_ended
