"""Sending audio no faster than it is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from qwen_tts_cluster.backends import Audio, SpeechEvent


class Pace:
    """Holds audio back until its player, which begins with the first chunk, needs it soon.

    Over HTTP, a client cannot say what it has read, and Serve takes whatever a replica sends, in
    memory and on the disk, whether or not the client reads. What a client that reads nothing costs
    is therefore what was sent: the time since the first chunk, and `lead`, at the format's rate.

    Args:
        lead: how far ahead of the player the audio may be, in seconds; 0 or less: no limit.
        now: a clock, in seconds.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        lead: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._lead, self._now, self._sleep = lead, now, sleep
        self._first_at: float | None = None
        self._seconds = 0.0

    async def wait(self, chunk: Audio) -> None:
        """Wait until a chunk may be sent. The first one may be sent at once."""
        if self._first_at is None:
            self._first_at = self._now()
        elif self._lead > 0:
            early = self._seconds - self._lead - (self._now() - self._first_at)
            if early > 0:
                await self._sleep(early)
        self._seconds += chunk.samples / chunk.sample_rate if chunk.sample_rate else 0.0


async def paced(
    events: AsyncGenerator[SpeechEvent, None], pace: Pace
) -> AsyncGenerator[SpeechEvent, None]:
    """Yield the events, each chunk of audio when it may be sent. Closing it closes the events."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Audio):
                await pace.wait(event)
            yield event
