"""Detects, from another thread, that the engine thread hangs.

Python cannot end a thread that hangs in a driver or a system call. What it can do is to report the
hang while it lasts, and finally to end the process, so that the client notices and starts a new
one instead of waiting for hours.
"""

from __future__ import annotations

# Except for a load, no piece of work takes so long on a machine that is fast enough to speak.
_STALLED_SECONDS = 10.0


class Heartbeat:
    """What the engine thread is doing; it writes this, and any thread may read it.

    Attributes:
        doing: the piece of work in progress; None while there is nothing to do.
        beats: how many pieces of work have begun.
    """

    def __init__(self) -> None:
        self.doing: str | None = None
        self.beats = 0

    def beat(self, doing: str | None) -> None:
        """Note what begins now. Called before each piece of work, and before waiting for some."""
        self.doing = doing
        self.beats += 1


class Watchdog:
    """Counts how often it has looked at a heartbeat that has not changed.

    It counts looks instead of reading a clock, because a process that was stopped (by a debugger,
    or with the laptop's lid) was not hanging meanwhile.

    Args:
        limit: seconds on one piece of work after which the engine counts as hung; 0 is no limit.
        period: seconds between two looks.
    """

    def __init__(self, heartbeat: Heartbeat, limit: float, period: float) -> None:
        self._heartbeat, self._period, self.limit = heartbeat, period, limit
        self._beats = -1
        self._looks = 0

    def look(self) -> bool:
        """Look at the heartbeat; called every `period`. Return True if the engine has hung."""
        if self._heartbeat.doing is None or self._heartbeat.beats != self._beats:
            self._beats = self._heartbeat.beats
            self._looks = 0
        else:
            self._looks += 1
        return self.limit > 0 and self.seconds >= self.limit

    @property
    def is_stalled(self) -> bool:
        """Whether a hang is to be reported, which is so halfway to the limit at the latest."""
        return self.seconds >= min(_STALLED_SECONDS, self.limit / 2 or _STALLED_SECONDS)

    @property
    def seconds(self) -> float:
        """How long the piece of work in progress has taken, at least."""
        return self._looks * self._period
