"""What a narration waits for: the engine's chunks and ends, more text, a cancel. In one queue."""

from __future__ import annotations

import queue
from collections.abc import Callable

import msgspec

from sidecar.engine.request import AudioChunk, LoadResult, SynthesisResult
from sidecar.errors import Cancelled, SidecarError

# Chunks that the engine may be ahead of the encoder.
_BACKLOG = 16


class Written(msgspec.Struct, frozen=True):
    """More text; `last` says that there is no more."""

    text: str
    last: bool


class _Cancel(msgspec.Struct, frozen=True):
    """Wakes who waits."""


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
        self._events: queue.SimpleQueue[Event | _Cancel] = queue.SimpleQueue()
        self._cancelled = False

    def next(self, timeout: float | None = None) -> Event | None:
        """Blocks for the next event; None if none came in time and the listener takes audio.

        Raises:
            Cancelled: by `cancel`, before anything else that waits here.
        """
        full = not self._has_room
        while True:
            try:
                event = self._events.get(timeout=timeout)
                break
            except queue.Empty:
                if self._ready():
                    return None
        if self._cancelled or isinstance(event, _Cancel):
            raise Cancelled("The request was cancelled.")
        if full and self._has_room:
            self._wake()
        return event

    def drain(self) -> None:
        """Waits for the end of a job that was cancelled, whatever that is."""
        while not isinstance(self._events.get(), SynthesisResult | SidecarError):
            pass

    def cancel(self) -> None:
        self._cancelled = True
        self._events.put(_Cancel())

    def write(self, text: str, last: bool) -> None:
        self._events.put(Written(text, last))

    @property
    def _has_room(self) -> bool:
        return self._events.qsize() < _BACKLOG

    # The sinks' side; called on the engine thread.

    def ready(self) -> bool:
        return self._has_room and self._ready()

    def audio(self, chunk: AudioChunk) -> None:
        self._events.put(chunk)

    def stage(self, stage: str, detail: str) -> None:
        """Of a model's load; nobody asked."""

    def done(self, result: SynthesisResult | LoadResult) -> None:
        self._events.put(result)

    def failed(self, error: SidecarError) -> None:
        self._events.put(error)
