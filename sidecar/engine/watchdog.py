"""Detects, from another thread, that the engine thread hangs.

Python cannot end a thread that hangs in a driver or a system call. What it can do is to report the
hang while it lasts, and finally to end the process, so that the client notices and starts a new
one instead of waiting for hours.

A slow disk is no hang: a load goes on for as long as bytes come from its files.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# Except for a load, no piece of work takes so long on a machine that is fast enough to speak.
_STALLED_SECONDS = 10.0
_MEBIBYTE = 2**20
_BLOCK_BYTES = 4096  # at least; what is counted differs between systems
_IO = Path("/proc/self/io")


def count_read() -> int:
    """Return a number that grows as this process reads files: about one for each MiB.

    It counts blocks and pages that came from a disk, and on Linux also what was read from files of
    any kind, which may be on another machine.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    count = (usage.ru_inblock + usage.ru_majflt) * _BLOCK_BYTES
    with suppress(OSError, ValueError):  # there is none on macOS
        count += int(_IO.read_bytes().split()[1])  # rchar
    return count // _MEBIBYTE


class Heartbeat:
    """What the engine thread is doing; it writes this, and any thread may read it.

    Attributes:
        doing: the piece of work in progress; None while there is nothing to do.
        reads: whether it is reading files, which takes as long as the disk does.
        beats: how many pieces of work have begun.
    """

    def __init__(self) -> None:
        self.doing: str | None = None
        self.reads = False
        self.beats = 0

    def beat(self, doing: str | None, *, reads: bool = False) -> None:
        """Note what begins now. Called before each piece of work, and before waiting for some."""
        self.doing, self.reads = doing, reads
        self.beats += 1


class Watchdog:
    """Counts how often it has looked at a heartbeat that has not changed.

    It counts looks instead of reading a clock, because a process that was stopped (by a debugger,
    or with the laptop's lid) was not hanging meanwhile.

    Args:
        limit: seconds on one piece of work after which the engine counts as hung; 0 is no limit.
            While the work reads files, they count from the last byte that came.
        period: seconds between two looks.
        read: returns a number that grows while files are read.
    """

    def __init__(
        self,
        heartbeat: Heartbeat,
        limit: float,
        period: float,
        read: Callable[[], int] = count_read,
    ) -> None:
        self._heartbeat, self._period, self.limit = heartbeat, period, limit
        self._count_read = read
        self._beats = -1
        self._read = 0
        self._looks = self._idle_looks = 0

    def look(self) -> bool:
        """Look at the heartbeat; called every `period`. Return True if the engine has hung."""
        if self._heartbeat.doing is None or self._heartbeat.beats != self._beats:
            self._beats = self._heartbeat.beats
            self._looks = self._idle_looks = 0
        else:
            self._looks += 1
            self._idle_looks = 0 if self._has_read() else self._idle_looks + 1
        return self.limit > 0 and self._idle_looks * self._period >= self.limit

    def _has_read(self) -> bool:
        """Return whether the work is to read files, and has read some since the last time."""
        if not self._heartbeat.reads:
            return False
        before, self._read = self._read, self._count_read()
        return self._read != before

    @property
    def is_stalled(self) -> bool:
        """Whether a hang is to be reported, which is so halfway to the limit at the latest."""
        return self.seconds >= min(_STALLED_SECONDS, self.limit / 2 or _STALLED_SECONDS)

    @property
    def seconds(self) -> float:
        """How long the piece of work in progress has taken, at least."""
        return self._looks * self._period
