"""How far the audio of a stream may be ahead of its reader."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Literal

# What a client has to send before its stream goes on.
WaitsFor = Literal["text", "credit", "resume"]


class Window:
    """How much audio the engine may make before the reader of a stream takes more.

    Audio waits once it is made, and is sent once the reader has passed it on. All that waits is
    less than `ahead`, and all that waits or was sent is less than the listener's credit, when the
    next chunk is begun. The idea is that of HTTP/2's flow control (RFC 9113, section 5.2), with
    time in place of bytes. Besides, the listener may pause the stream: then no chunk is begun.

    Args:
        ahead: seconds of audio that may wait for the reader.
        credit: seconds of audio that the listener has granted.
        wake: called when there is room again after the engine was told that there is none.

    Attributes:
        speed: seconds of made audio in one second of sent audio; set while no audio waits.
        paused_since: when the listener paused the stream, by time.monotonic; None if it is not
            paused.
        dry_since: since when the engine has had no credit to go on, by time.monotonic; None if it
            has some, or has not asked.
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
        self._refused = False  # the engine was told that there is no room
        self.paused_since: float | None = None
        self.dry_since: float | None = None

    @property
    def waits_for(self) -> WaitsFor | None:
        """What the listener has to send before there is more audio, if anything."""
        if self.paused_since is not None:
            return "resume"
        return "credit" if self._lacks_credit(0.0) else None

    def has_room(self, coming: float = 0.0) -> bool:
        """Return whether more audio may be made. If not, `wake` is called once it may be.

        Args:
            coming: seconds of audio that are being made, which `make` will count.
        """
        if not self._is_open(coming):
            # Before the second look: room may come between the two.
            self._refused = True
            if self._lacks_credit(coming):
                self.dry_since = self.dry_since or time.monotonic()
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
        self._tell()

    def grant(self, seconds: float) -> None:
        """Add to the listener's credit."""
        self._granted += seconds
        self.dry_since = None
        self._tell()

    def pause(self) -> None:
        """Begin no more audio until `resume`."""
        self.paused_since = self.paused_since or time.monotonic()

    def resume(self) -> None:
        """Go on after `pause`."""
        self.paused_since = None
        self._tell()

    @property
    def _waiting(self) -> float:
        return self._made - self._taken

    def _lacks_credit(self, coming: float) -> bool:
        return self._sent + (self._waiting + coming) / self.speed >= self._granted

    def _is_open(self, coming: float) -> bool:
        has_room = self._waiting + coming < self._ahead and not self._lacks_credit(coming)
        return has_room and self.paused_since is None

    def _tell(self) -> None:
        if self._refused and self._is_open(0.0):
            self._refused = False
            self._wake()
