"""Waiting for the outcomes of the engine's jobs."""

from __future__ import annotations

from typing import Any

from sidecar.engine.events import AudioChunk, Done, Event, Events, Failed
from sidecar.engine.request import Job
from tests.support.harness import TIMEOUT


def unwrapped(event: Done | Failed) -> Any:
    """Return the result of a job, or its error."""
    return event.result if isinstance(event, Done) else event.error


def heard(source: Job | Events[Any]) -> tuple[list[AudioChunk], Any]:
    """Wait for a job's end; return its chunks, and its result or error."""
    events = source.events if isinstance(source, Job) else source
    chunks: list[AudioChunk] = []
    while not isinstance(event := events.get(timeout=TIMEOUT), Done | Failed):
        if isinstance(event, AudioChunk):
            chunks.append(event)
    return chunks, unwrapped(event)


def outcome(source: Job | Events[Any]) -> Any:
    """Wait for a job's end; return its result or its error."""
    return heard(source)[1]


class Reader(Events[Event]):
    """Events whose reader can stop reading.

    Attributes:
        reads: whether the reader takes more audio.
    """

    def __init__(self) -> None:
        super().__init__(is_open=lambda: self.reads)
        self.reads = True
