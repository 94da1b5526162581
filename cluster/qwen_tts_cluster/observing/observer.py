"""Follows each speech from its request to its end."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager
from typing import Any

from qwen_tts_cluster.backends import Audio, Finished, SpeechEvent
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.observing import instruments
from qwen_tts_cluster.observing.instruments import Instruments

# A chunk that comes so little late is not heard as a gap, in seconds.
_TOLERANCE = 0.02


class Observer:
    """Records what becomes of the speeches of a replica.

    Args:
        record: where to; see `Instruments`.
        now: a clock, in seconds.
    """

    def __init__(self, record: Instruments, now: Callable[[], float] = time.monotonic) -> None:
        self._instruments, self._now = record, now
        self._streams: dict[str, int] = defaultdict(int)

    @contextmanager
    def speech(self, door: str, characters: int) -> Generator[SpeechWatch]:
        """Follow a speech inside the `with`. An error that leaves it is what became of the speech.

        Args:
            door: the protocol that it came by.
        """
        watch = SpeechWatch(self._now)
        self._count(door, 1)
        self._instruments.record(instruments.CHARACTERS, characters, door=door)
        try:
            yield watch
        except SpeechError as error:
            watch.outcome = error.type
            raise
        except Exception:
            watch.outcome = "internalError"
            raise
        finally:
            self._count(door, -1)
            self._record(door, watch)

    def queue(self, speeches: int) -> None:
        """Note how many speeches wait for their turn."""
        self._instruments.record(instruments.QUEUED, speeches)

    def refused(self, door: str, outcome: str) -> None:
        """Note a request that ended before it was a speech."""
        self._instruments.record(instruments.REQUESTS, 1, door=door, outcome=outcome)

    def _count(self, door: str, change: int) -> None:
        self._streams[door] += change
        self._instruments.record(instruments.STREAMS, self._streams[door], door=door)

    def _record(self, door: str, watch: SpeechWatch) -> None:
        record = self._instruments.record
        record(instruments.REQUESTS, 1, door=door, outcome=watch.outcome)
        record(instruments.AUDIO, watch.audio_seconds, door=door)
        record(instruments.GAPS, watch.gaps, door=door)
        record(instruments.GAP_SECONDS, watch.gap_seconds, door=door)
        if watch.first_audio_seconds is not None:
            record(instruments.FIRST_AUDIO, watch.first_audio_seconds, door=door)
        if watch.real_time_factor is not None:
            record(instruments.REAL_TIME_FACTOR, watch.real_time_factor, door=door)


class SpeechWatch:
    """Measures one speech.

    Attributes:
        outcome: `ok` at its end, the type of its error, or `cancelled` if it had no end.
        audio_seconds: how much audio there was.
        first_audio_seconds: from the request to the first audio; None before that.
        gaps: how often a player, which began with the first chunk, had to wait.
        gap_seconds: for how long, in all.
        real_time_factor: as the backend reports it; None if it does not.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._started_at = now, now()
        self._ends_at = 0.0  # when the player runs out of audio
        self.outcome = "cancelled"
        self.audio_seconds = self.gap_seconds = 0.0
        self.gaps = 0
        self.first_audio_seconds: float | None = None
        self.real_time_factor: float | None = None

    def heard(self, samples: int, sample_rate: int) -> None:
        """Note a chunk of audio that was generated."""
        now = self._now()
        if self.first_audio_seconds is None:
            self.first_audio_seconds = now - self._started_at
            self._ends_at = now
        late = now - self._ends_at
        if late > _TOLERANCE:
            self.gaps += 1
            self.gap_seconds += late
        seconds = samples / sample_rate if sample_rate else 0.0
        self._ends_at = max(self._ends_at, now) + seconds
        self.audio_seconds += seconds

    def finished(self, real_time_factor: float | None = None) -> None:
        """Note that the speech has ended by itself."""
        self.outcome = "ok"
        self.real_time_factor = real_time_factor

    async def watched(
        self, events: AsyncGenerator[SpeechEvent, None]
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Yield the events of a backend, and note them."""
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Audio):
                    self.heard(event.samples, event.sample_rate)
                elif isinstance(event, Finished):
                    self.finished(event.real_time_factor)
                yield event

    @property
    def fields(self) -> dict[str, Any]:
        """What a line of the log says about the speech."""
        first = self.first_audio_seconds
        return {
            "firstAudioMs": None if first is None else round(first * 1000),
            "audioMs": round(self.audio_seconds * 1000),
            "realTimeFactor": self.real_time_factor,
            "gaps": self.gaps,
        }
