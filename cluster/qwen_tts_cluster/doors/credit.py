"""The credit of a stream whose server cannot see whether its client reads.

In a replica, sending never waits: what the client does not read is kept by the processes of Serve,
without a bound. So audio counts as read when the client says so, or when the time has passed that
its playing takes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# How often more is passed on to a client that only lets time pass.
_PERIOD_SECONDS = 0.25


class AcknowledgedCredit:
    """Passes credit on so that no more than `limit_ms` of audio is unacknowledged.

    Each grant of the client acknowledges as much of the audio that had been sent by then. Beyond
    that, audio counts as played in real time from its first chunk on. So a client that grants
    little by little, as it reads, has the full speed; one that grants all at once and does not read
    costs `limit_ms`, and 1 s of audio for each second of its connection.

    Args:
        asked_ms: what the request itself grants.
        limit_ms: the most audio that is unacknowledged.
        grant: passes more credit on, in milliseconds.
        now: a clock, in seconds.
    """

    def __init__(
        self,
        asked_ms: float,
        limit_ms: float,
        grant: Callable[[float], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asked, self._limit, self._grant, self._now = asked_ms, limit_ms, grant, now
        self._sent = 0.0
        self._acknowledged = 0.0
        self._first_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self.passed_on = min(asked_ms, limit_ms)

    @property
    def is_used(self) -> bool:
        """Whether the client has to grant more, or to let time pass, before the stream goes on."""
        return self._sent >= self.passed_on

    def ask(self, ms: float) -> None:
        """Add to what the client grants, which acknowledges what it was sent."""
        self._asked += ms
        self._acknowledged = min(self._sent, self._acknowledged + ms)
        self._pass_on()

    def leave(self, ms: float) -> None:
        """Note that audio was sent."""
        if self._first_at is None:
            self._first_at = self._now()
        self._sent += ms
        self._pass_on()

    def end(self) -> None:
        """Pass nothing on any more."""
        self._has_ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _pass_on(self) -> None:
        if self._has_ended:
            return
        more = min(self._asked, self._read() + self._limit) - self.passed_on
        if more > 0:
            self.passed_on += more
            self._grant(more)
        if self.passed_on < self._asked and self._timer is None and self._first_at is not None:
            self._timer = asyncio.get_running_loop().call_later(_PERIOD_SECONDS, self._on_time)

    def _read(self) -> float:
        """Return how much of the audio counts as read, in milliseconds."""
        played = 0.0 if self._first_at is None else (self._now() - self._first_at) * 1000
        return min(self._sent, max(self._acknowledged, played))

    def _on_time(self) -> None:
        self._timer = None
        self._pass_on()
