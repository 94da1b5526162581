"""How far the audio of a stream may be ahead of its reader."""

from __future__ import annotations

import math
from collections.abc import Callable


class Window:
    """How much audio the engine may make before the reader of a stream takes more.

    Audio waits once it is made, and is sent once the reader has passed it on. All that waits is
    less than `ahead`, and all that waits or was sent is less than the listener's credit, when the
    next chunk is begun. The idea is that of HTTP/2's flow control (RFC 9113, section 5.2), with
    time in place of bytes.

    Args:
        ahead: seconds of audio that may wait for the reader.
        credit: seconds of audio that the listener has granted.
        wake: called when there is room again after the engine was told that there is none.

    Attributes:
        speed: seconds of made audio in one second of sent audio; set before the first chunk.
    """

    def __init__(
        self,
        ahead: float = math.inf,
        credit: float = math.inf,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.speed = 1.0
        self._ahead = ahead
        self._wake = wake
        # Each has one writer: the engine thread makes, the reader takes and sends, and the thread
        # that reads the listener's messages grants.
        self._made = self._taken = self._sent = 0.0
        self._granted = credit
        self._paused = False

    @property
    def lacks_credit(self) -> bool:
        """Whether the listener has to grant more before there is more audio."""
        return self._lacks_credit(0.0)

    def has_room(self, coming: float = 0.0) -> bool:
        """Return whether more audio may be made. If not, `wake` is called once it may be.

        Args:
            coming: seconds of audio that are being made, which `make` will count.
        """
        if not self._is_open(coming):
            # Before the second look: room may come between the two.
            self._paused = True
        return self._is_open(coming)

    def make(self, seconds: float) -> None:
        """Count audio that waits for the reader from now on."""
        self._made += seconds

    def send(self, seconds: float) -> None:
        """Count audio that the reader has passed on."""
        self._sent += seconds

    def take(self, seconds: float) -> None:
        """Count audio that waits no longer, since all that comes of it now has been sent."""
        self._taken += seconds
        self._resume()

    def grant(self, seconds: float) -> None:
        """Add to the listener's credit."""
        self._granted += seconds
        self._resume()

    @property
    def _waiting(self) -> float:
        return self._made - self._taken

    def _lacks_credit(self, coming: float) -> bool:
        return self._sent + (self._waiting + coming) / self.speed >= self._granted

    def _is_open(self, coming: float) -> bool:
        return self._waiting + coming < self._ahead and not self._lacks_credit(coming)

    def _resume(self) -> None:
        if self._paused and self._is_open(0.0):
            self._paused = False
            self._wake()
