"""Letting a stream be generated no further ahead than its reader allows."""

from __future__ import annotations

from collections.abc import Callable

# The part of the window that is granted again at once: a message for each small chunk is too many.
_RENEWAL = 1 / 4


class Credit:
    """Grants a stream more audio as its audio is read, so that at most a window waits to be read.

    Args:
        window_ms: the most audio that waits, in milliseconds, and one chunk.
        grant: lets the stream send this many milliseconds more.
    """

    def __init__(self, window_ms: float, grant: Callable[[float], None]) -> None:
        self._window_ms = window_ms
        self._grant = grant
        self._read_ms = 0.0
        self._sample_rate: int | None = None

    def start(self, sample_rate: int) -> None:
        """Note the sample rate of the stream in Hz, which its first chunk has."""
        self._sample_rate = sample_rate

    def read(self, samples: int) -> None:
        """Note that a chunk has been read."""
        if self._sample_rate is not None:
            self._read_ms += 1000 * samples / self._sample_rate
        if self._read_ms > 0 and self._read_ms >= self._window_ms * _RENEWAL:
            self._grant(self._read_ms)
            self._read_ms = 0.0
