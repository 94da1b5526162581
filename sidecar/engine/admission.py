"""Which waiting request is admitted next, and whether there is room for it now."""

from __future__ import annotations

import math
import time
from bisect import insort
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sidecar.engine.active import ActiveSpeech
from sidecar.engine.request import PRIORITIES, Job, SpeechJob, Stream
from sidecar.limits import MAX_SEQUENCES, MAX_STREAMS


class AdmissionQueue:
    """Speech jobs whose model is in memory, in the order in which they are admitted.

    Jobs whose stream has a reserved place come first, then the others by priority; within a
    priority, the oldest request comes first.

    A place is one of MAX_STREAMS. A request that waits for text or is paused, or has waited for
    credit for a while, has given up its place. Between two jobs of one stream its place stays
    reserved, so that no other request makes a gap in its audio; only a request of a higher priority
    may begin instead.
    """

    def __init__(self) -> None:
        self._waiting: list[SpeechJob] = []
        self._reserved: dict[Stream, SpeechJob] = {}
        self._held_models: dict[Stream, list[str]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[SpeechJob]:
        return iter(self._waiting)

    @property
    def models(self) -> Iterator[str]:
        """The names of the models that waiting jobs use, or that a stream's next job will use."""
        yield from chain.from_iterable(self._held_models.values())
        for job in (*self._waiting, *self._reserved.values()):
            yield job.request.model

    def add(self, job: SpeechJob) -> None:
        insort(self._waiting, job, key=self._order)

    def remove(self, job: Job) -> bool:
        """Remove a waiting job. Return False if it is not here."""
        if job not in self._waiting:
            return False
        self._waiting = [other for other in self._waiting if other is not job]
        return True

    def reserve(self, job: SpeechJob) -> None:
        """Keep the place of a job that has ended, if another job of its stream follows."""
        if job.request.more_follows and job.stream is not None:
            self._reserved[job.stream] = job

    def hold_model(self, stream: Stream, model: str) -> None:
        """Count a model as in use until the first job of the stream comes.

        If a stream holds several, they stay in use until its `release`.
        """
        self._held_models.setdefault(stream, []).append(model)

    def release_model(self, stream: Stream | None) -> None:
        """Give up the model that is held for a stream, if there is one and no more."""
        if stream is not None and len(self._held_models.get(stream, ())) == 1:
            del self._held_models[stream]

    def release_place(self, stream: Stream | None) -> None:
        """Give up the place that is kept for a stream, if there is one."""
        if stream is not None:
            self._reserved.pop(stream, None)

    def release(self, stream: Stream | None) -> None:
        """Give up the place and the model that are kept for a stream, if there are any."""
        self.release_place(stream)
        if stream is not None:
            self._held_models.pop(stream, None)

    def has_place(self, job: SpeechJob) -> bool:
        """Return whether a place is reserved for the job's stream."""
        return job.stream in self._reserved

    def can_admit(self, active: Sequence[ActiveSpeech[Any]]) -> bool:
        """Return whether the first job may begin beside the requests in `active`."""
        if not self._waiting:
            return False
        job = self._waiting[0]
        if self.has_place(job):
            return True
        rank = _rank(job)
        reserved = sum(_rank(other) <= rank for other in self._reserved.values())
        taken = reserved + sum(speech.seconds_to_yield > 0 for speech in active)
        return taken < MAX_STREAMS and len(active) < MAX_SEQUENCES

    def find_starved(self, active: Sequence[ActiveSpeech[Any]]) -> ActiveSpeech[Any] | None:
        """Return the request that has waited for its client the longest, if the first job needs its
        sequence and it has waited too long."""
        if not self._waiting or len(active) < MAX_SEQUENCES:
            return None
        longest = min(active, key=lambda speech: speech.starves_at)
        return longest if longest.starves_at <= time.perf_counter() else None

    def seconds_to_change(self, active: Sequence[ActiveSpeech[Any]]) -> float:
        """Return when the first job may be admitted although nothing happens; inf for never."""
        if not self._waiting:
            return math.inf
        # Those that have given up their place already change nothing any more.
        times = [speech.seconds_to_yield for speech in active if speech.seconds_to_yield > 0]
        if len(active) >= MAX_SEQUENCES:
            now = time.perf_counter()
            times += [max(0.0, speech.starves_at - now) for speech in active]
        return min(times, default=math.inf)

    def take(self, active: Sequence[ActiveSpeech[Any]]) -> SpeechJob | None:
        """Remove and return the job that is admitted next; None if none can be admitted now."""
        return self._waiting.pop(0) if self.can_admit(active) else None

    def _order(self, job: SpeechJob) -> tuple[bool, int, float]:
        return not self.has_place(job), _rank(job), job.submitted


def _rank(job: SpeechJob) -> int:
    return PRIORITIES.index(job.request.priority)
