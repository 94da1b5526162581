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
        self._pieces: list[str] = []
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
            self._pieces.append(text)

    def end(self) -> None:
        """Note that no more text will come."""
        with self._lock:
            self._has_ended = True

    def peek(self) -> str:
        """Return the text that `take` will return."""
        with self._lock:
            return "".join(self._pieces)

    def take(self) -> tuple[str, bool]:
        """Return the text written since the last call, and whether it is the last of it."""
        with self._lock:
            text, self._pieces = "".join(self._pieces), []
            return text, self._has_ended
