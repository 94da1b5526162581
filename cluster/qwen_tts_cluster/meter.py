"""Counts the speeches of a replica, and measures how far their audio is ahead of its playing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from qwen_tts_cluster.errors import SpeechError


class RunningSpeech:
    """One speech, from its request to its end.

    Args:
        now: a clock, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._first_at: float | None = None
        self._sent_ms = 0.0
        self._is_held = False

    def sent(self, ms: float) -> None:
        """Note that audio of this duration was generated and passed on."""
        if self._first_at is None:
            self._first_at = self._now()
        self._sent_ms += ms

    def held(self, is_held: bool) -> None:
        """Note whether the client holds the speech up: it gives no credit, or no text.

        After that, its audio is measured anew, from the next chunk on.
        """
        self._is_held = is_held
        if not is_held:
            self._first_at, self._sent_ms = None, 0.0

    @property
    def ahead_seconds(self) -> float | None:
        """How far the audio is ahead of a player that began with the first chunk.

        None before the first chunk, and while the client holds the speech up: then it says nothing
        about the replica.
        """
        if self._first_at is None or self._is_held:
            return None
        return self._sent_ms / 1000 - (self._now() - self._first_at)


class Meter:
    """The speeches of one replica.

    Args:
        limit: the most speeches at a time.
        now: a clock, in seconds.
    """

    def __init__(self, limit: int, now: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._now = limit, now
        self._running: set[RunningSpeech] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @contextmanager
    def speech(self) -> Generator[RunningSpeech]:
        """Count a speech inside the `with`.

        Raises:
            SpeechError: `queueFull`, beyond the limit.
        """
        if len(self._running) >= self._limit:
            raise SpeechError(
                "queueFull",
                f"This replica has {self._limit} speeches.",
                hint="Send it again when one of them has ended.",
            )
        speech = RunningSpeech(self._now)
        self._running.add(speech)
        self._is_idle.clear()
        try:
            yield speech
        finally:
            self._running.discard(speech)
            if not self._running:
                self._is_idle.set()

    @property
    def streams(self) -> int:
        """Number of speeches, running and queued."""
        return len(self._running)

    @property
    def ahead_seconds(self) -> float | None:
        """The least of what the speeches are ahead; None if none of them tells."""
        values = [speech.ahead_seconds for speech in self._running]
        return min((value for value in values if value is not None), default=None)

    async def idle(self) -> None:
        """Wait until no speech is left."""
        await self._is_idle.wait()
