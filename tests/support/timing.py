"""Bounds of time, on a machine that may be busy with something else."""

from __future__ import annotations

from collections.abc import Callable

_TIMES = 3


class TooLate(AssertionError):
    """What was looked at was right, and took longer than is promised."""


def in_time(attempt: Callable[[], None]) -> None:
    """Passes if one of three attempts does; any failure but `TooLate` is final.

    A process that is slow by itself is so every time.
    """
    for left in reversed(range(_TIMES)):
        try:
            attempt()
            return
        except TooLate:
            if not left:
                raise
