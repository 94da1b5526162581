"""Requests that wait for a row, the most urgent first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sidecar.engine.request import PRIORITIES, Priority, SpeechJob


class WaitingQueue:
    """First come, first served, within a priority."""

    def __init__(self) -> None:
        self._queues: dict[Priority, deque[SpeechJob]] = {p: deque() for p in PRIORITIES}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def __iter__(self) -> Iterator[SpeechJob]:
        return (job for priority in PRIORITIES for job in self._queues[priority])

    def add(self, job: SpeechJob) -> None:
        self._queues[job.request.priority].append(job)

    def take(self) -> SpeechJob | None:
        queue = next((queue for queue in self._queues.values() if queue), None)
        return None if queue is None else queue.popleft()

    def remove(self, job: SpeechJob) -> bool:
        """Forgets a job; False if it is not here."""
        queue = self._queues[job.request.priority]
        if job in queue:
            queue.remove(job)
            return True
        return False
