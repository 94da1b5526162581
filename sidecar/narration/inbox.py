"""What a narration waits for: the engine's chunks and ends, more text, a cancel. In one queue."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from sidecar.engine.request import AudioChunk, LoadResult, SynthesisResult
from sidecar.errors import Cancelled, SidecarError, too_long
from sidecar.limits import MAX_TEXT_CHARS

if TYPE_CHECKING:
    from sidecar.models.download import Progress

# Chunks that the engine may be ahead of the encoder.
_BACKLOG = 16


class Written(msgspec.Struct, frozen=True):
    """More text; `last` says that there is no more."""

    text: str
    last: bool


class _Stop(msgspec.Struct, frozen=True):
    """The narration is to end with this, whatever the engine does."""

    error: SidecarError


Event = AudioChunk | SynthesisResult | LoadResult | SidecarError | Written


class Inbox:
    """The sink of a narration's jobs, and the ear of its thread.

    Args:
        ready: whether the listener takes more audio.
        wake: tells the engine to look again.
    """

    def __init__(self, ready: Callable[[], bool], wake: Callable[[], None]) -> None:
        self._ready = ready
        self._wake = wake
        self._events: queue.SimpleQueue[Event | _Stop] = queue.SimpleQueue()
        self._stop: _Stop | None = None
        self._owed = 0  # ends of jobs that have not been taken out
        self._chars = 0
        # Each counted by one thread: the engine's, and the narration's.
        self._chunks_in = self._chunks_out = 0
        self._paused = False

    def expect(self) -> None:
        """A job is about to be submitted; its end will come."""
        self._owed += 1

    def next(self, timeout: float | None = None) -> Event | None:
        """Blocks for the next event; None if none came in time and the listener takes audio.

        Raises:
            SidecarError: Cancelled, or the text is too long; before anything else that waits here.
        """
        while True:
            try:
                event = self._take(timeout)
                break
            except queue.Empty:
                if self._ready():
                    return None
        if self._stop is not None:
            raise self._stop.error
        assert not isinstance(event, _Stop)
        return event

    def check(self) -> None:
        """Raise Cancelled, or TextTooLong, if that has come."""
        if self._stop is not None:
            raise self._stop.error

    def drain(self) -> None:
        """Waits until all that was submitted has ended; what else is here is thrown away."""
        while self._owed:
            self._take(None)

    def _take(self, timeout: float | None) -> Event | _Stop:
        event = self._events.get(timeout=timeout)
        if isinstance(event, SynthesisResult | LoadResult | SidecarError):
            self._owed -= 1
        elif isinstance(event, AudioChunk):
            self._chunks_out += 1
            if self._paused and self._has_room:
                self._paused = False
                self._wake()
        return event

    # From other threads.

    def cancel(self) -> None:
        self._end(Cancelled("The request was cancelled."))

    def write(self, text: str, last: bool) -> None:
        """More text; one that is too long ends it all."""
        self._chars += len(text)
        if self._chars > MAX_TEXT_CHARS:
            self._end(too_long("text", self._chars, most=MAX_TEXT_CHARS))
        else:
            self._events.put(Written(text, last))

    def _end(self, error: SidecarError) -> None:
        self._stop = self._stop or _Stop(error)
        self._events.put(self._stop)

    # The sinks' side; called on the engine thread.

    @property
    def _has_room(self) -> bool:
        return self._chunks_in - self._chunks_out < _BACKLOG

    def ready(self) -> bool:
        if not self._has_room:
            self._paused = True  # before the second look, or the last chunk could leave unseen
            if not self._has_room:
                return False
        return self._ready()

    def audio(self, chunk: AudioChunk) -> None:
        self._chunks_in += 1
        self._events.put(chunk)

    def stage(self, stage: str, detail: str) -> None:
        """Of a model's load; nobody asked."""

    def downloading(self, progress: Progress) -> None:
        """Likewise."""

    def done(self, result: SynthesisResult | LoadResult) -> None:
        self._events.put(result)

    def failed(self, error: SidecarError) -> None:
        self._events.put(error)
