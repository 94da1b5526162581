"""What a narration waits for, in one queue: audio and outcomes, more text, a cancel."""

from __future__ import annotations

import queue
from collections.abc import Callable

import msgspec

from sidecar.engine.events import AudioChunk, Done, Download, Event, Events, Failed, Stage
from sidecar.errors import Cancelled, SidecarError, too_long
from sidecar.limits import MAX_TEXT_CHARS

# Chunks that the engine may be ahead of the encoder.
_BACKLOG = 16


class Written(msgspec.Struct, frozen=True):
    """More text; `last` says that there is no more."""

    text: str
    last: bool


class _Stop(msgspec.Struct, frozen=True):
    """The narration is to end with this, whatever the engine does."""

    error: SidecarError


Arrival = AudioChunk | Done | Failed | Written


class Inbox:
    """The queue that a narration's jobs report into, and that its text and its cancel come by.

    Attributes:
        events: for the engine's jobs, one at a time.

    Args:
        is_open: whether the narration's reader takes more audio. Called on the engine thread, too.
        wake: tells the engine to look again.
    """

    def __init__(self, is_open: Callable[[], bool], wake: Callable[[], None]) -> None:
        self.events: Events[Event | Written | _Stop] = Events(_BACKLOG, is_open, wake)
        self._stop: _Stop | None = None
        self._owed = 0  # outcomes of jobs that have not been taken out
        self._chars = 0

    def expect(self) -> None:
        """Note that a job is about to be submitted; its outcome will come."""
        self._owed += 1

    def next(self, timeout: float | None = None) -> Arrival | None:
        """Block for the next event; None if none came in time and the reader takes audio.

        Raises:
            SidecarError: Cancelled, or the text is too long; before anything else that waits here.
        """
        while True:
            try:
                event = self._take(timeout)
            except queue.Empty:
                if self.events.is_open:
                    return None
                continue
            if self._stop is not None:
                raise self._stop.error
            if not isinstance(event, Stage | Download | _Stop):  # of a load; nobody asked
                return event

    def check(self) -> None:
        """Raise Cancelled, or TextTooLong, if that has come."""
        if self._stop is not None:
            raise self._stop.error

    def drain(self) -> None:
        """Wait until all that was submitted has ended; what else is here is thrown away."""
        while self._owed:
            self._take(None)

    def _take(self, timeout: float | None) -> Event | Written | _Stop:
        event = self.events.get(timeout)
        if isinstance(event, Done | Failed):
            self._owed -= 1
        return event

    # From other threads.

    def cancel(self) -> None:
        """End the narration with `Cancelled`."""
        self._end(Cancelled("The request was cancelled."))

    def write(self, text: str, last: bool) -> None:
        """Add more text; one that is too long ends it all."""
        self._chars += len(text)
        if self._chars > MAX_TEXT_CHARS:
            self._end(too_long("text", self._chars, limit=MAX_TEXT_CHARS))
        else:
            self.events.put(Written(text, last))

    def _end(self, error: SidecarError) -> None:
        self._stop = self._stop or _Stop(error)
        self.events.put(self._stop)
