"""Notices an engine thread that does not come back, from another thread.

Python cannot end a thread that hangs in a driver or a system call. What can be done is to say so
while it lasts, and in the end to end the process, so that the client hears of it and starts a new
one, instead of waiting for hours.
"""

from __future__ import annotations

# No piece of work takes that long on a machine that can speak at all, loading left aside.
_STALLED_SECONDS = 10.0


class Heartbeat:
    """What the engine thread is at; written by it, read by anyone.

    Attributes:
        doing: the piece of work in progress; None while there is nothing to do.
        beats: counts pieces.
    """

    def __init__(self) -> None:
        self.doing: str | None = None
        self.beats = 0

    def beat(self, doing: str | None) -> None:
        """Said by the engine before each piece of work, and before it waits for some."""
        self.doing = doing
        self.beats += 1


class Watchdog:
    """Counts the looks at a heartbeat that has not moved.

    It counts looks instead of reading a clock: a process that was stopped (a debugger, a laptop's
    lid) was not stuck meanwhile.

    Args:
        limit: seconds on one piece of work after which it counts as hung; 0 never.
        period: seconds between two looks.
    """

    def __init__(self, heartbeat: Heartbeat, limit: float, period: float) -> None:
        self._heartbeat, self._period, self.limit = heartbeat, period, limit
        self._beats = -1
        self._looks = 0

    def look(self) -> bool:
        """To be called every `period`; True when the engine has hung for the limit."""
        if self._heartbeat.doing is None or self._heartbeat.beats != self._beats:
            self._beats = self._heartbeat.beats
            self._looks = 0
        else:
            self._looks += 1
        return self.limit > 0 and self.seconds >= self.limit

    @property
    def is_stalled(self) -> bool:
        """Whether it is time to say so; half-way to the limit at the latest."""
        return self.seconds >= min(_STALLED_SECONDS, self.limit / 2 or _STALLED_SECONDS)

    @property
    def seconds(self) -> float:
        """For how long the piece of work in progress has been seen, at least."""
        return self._looks * self._period
