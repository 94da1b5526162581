"""What a synthesis waits for, in one queue: audio, results, more text, and a cancel."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress

import msgspec

from sidecar.engine.events import (
    AudioChunk,
    Done,
    Download,
    Event,
    Events,
    Failed,
    Stage,
    WaitingForText,
)
from sidecar.engine.window import Window
from sidecar.errors import SidecarError
from sidecar.models.base import WordTimes


class TextArrived(msgspec.Struct, frozen=True):
    """The text feed holds more text, or has ended."""


class _Stop(msgspec.Struct, frozen=True):
    """The synthesis must end with this error, whatever the engine does."""

    error: SidecarError


Arrival = AudioChunk | WordTimes | WaitingForText | Done | Failed | TextArrived


class Inbox:
    """The queue that the engine's jobs and other threads report to a synthesis by.

    Attributes:
        events: for the engine's jobs, one at a time.
        starved_since: since when the synthesis has had no text to speak, by time.monotonic.

    Args:
        window: how far the audio may be ahead of the synthesis and its listener.
        is_open: returns whether the reader of the synthesis takes more audio. The engine thread
            calls it, too.
    """

    def __init__(self, window: Window, is_open: Callable[[], bool]) -> None:
        self.events: Events[Event | TextArrived | _Stop] = Events(window, is_open)
        self._window = window
        self.starved_since: float | None = None
        self._stop: _Stop | None = None
        self._outcomes_due = 0  # of jobs that have been announced

    def expect_outcome(self) -> None:
        """Note that a job is about to be submitted, so that its outcome will come."""
        self._outcomes_due += 1

    def next(self, timeout: float | None) -> Arrival | None:
        """Block for the next event; return None if none came in time and the reader takes audio.

        While the listener has paused the stream, the time does not count.

        Raises:
            SidecarError: the synthesis was stopped. This comes before all that waits here.
        """
        while True:
            try:
                event = self._take(timeout)
            except queue.Empty:
                if self.events.is_open and self._window.paused_since is None:
                    return None
                continue
            self.check()
            if not isinstance(event, Stage | Download | _Stop):  # a load's progress is not shown
                return event

    def change_speed(self, speed: float) -> None:
        """Note how fast the next segment will be heard, before it is submitted."""
        self._window.speed = speed

    def check(self) -> None:
        """Raise the error that the synthesis was stopped with, if it was."""
        if self._stop is not None:
            raise self._stop.error

    def drain(self, patience: float | None = None) -> None:
        """Wait until all submitted jobs have ended, and drop everything that comes until then.

        Args:
            patience: how many seconds to wait for each event; None waits for all.
        """
        with suppress(queue.Empty):
            while self._outcomes_due:
                self._take(patience)

    def _take(self, timeout: float | None) -> Event | TextArrived | _Stop:
        event = self.events.get(timeout)
        if isinstance(event, Done | Failed):
            self._outcomes_due -= 1
        return event

    # From other threads.

    def stop(self, error: SidecarError) -> None:
        """Make the synthesis end with an error; only the first one counts."""
        self._stop = self._stop or _Stop(error)
        self.events.put(self._stop)

    def announce_text(self) -> None:
        """Make the synthesis look at its text feed."""
        self.events.put(TextArrived())
