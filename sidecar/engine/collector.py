"""A sink for programs that wait for their audio in a thread of their own."""

from __future__ import annotations

import queue

from sidecar.engine.request import AudioChunk, SynthesisResult
from sidecar.errors import SidecarError

Event = AudioChunk | SynthesisResult | SidecarError


class Collector:
    """Queues what happens to one request: its chunks in order, then a result or an error."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def ready(self) -> bool:
        return True

    def audio(self, chunk: AudioChunk) -> None:
        self.events.put(chunk)

    def done(self, result: SynthesisResult) -> None:
        self.events.put(result)

    def failed(self, error: SidecarError) -> None:
        self.events.put(error)
