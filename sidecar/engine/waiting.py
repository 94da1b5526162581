"""Requests that wait for a row, the most urgent first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator

from sidecar.engine.request import PRIORITIES, Priority, SpeechJob


class WaitingQueue:
    """Who has a place already, then by priority, and first come, first served within one."""

    def __init__(self) -> None:
        self._next: list[SpeechJob] = []
        self._queues: dict[Priority, list[SpeechJob]] = {p: [] for p in PRIORITIES}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._all)

    def __iter__(self) -> Iterator[SpeechJob]:
        return (job for queue in self._all for job in queue)

    @property
    def has_placed(self) -> bool:
        """Whether somebody is here who needs no place any more."""
        return bool(self._next)

    @property
    def first(self) -> SpeechJob | None:
        """Who is admitted next."""
        return next(iter(self), None)

    def add(self, job: SpeechJob, placed: bool = False) -> None:
        """
        Args:
            placed: the place of its stream is held for it.
        """
        queue = self._next if placed else self._queues[job.request.priority]
        insort(queue, job, key=lambda job: job.submitted)

    def take(self) -> SpeechJob | None:
        queue = next((queue for queue in self._all if queue), None)
        return None if queue is None else queue.pop(0)

    def remove(self, job: SpeechJob) -> bool:
        """Forgets a job; False if it is not here."""
        queue = next((queue for queue in self._all if job in queue), None)
        if queue is not None:
            queue.remove(job)
        return queue is not None

    @property
    def _all(self) -> list[list[SpeechJob]]:
        return [self._next, *(self._queues[priority] for priority in PRIORITIES)]
