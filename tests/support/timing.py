"""Time limits on a machine that may be busy with something else."""

from __future__ import annotations

from collections.abc import Callable

_TIMES = 3


class TooLate(AssertionError):
    """The result was right, but it took longer than promised."""


def in_time(attempt: Callable[[], None]) -> None:
    """Pass if one of three attempts passes; any failure but `TooLate` is final.

    A process that is itself too slow fails every time.
    """
    for left in reversed(range(_TIMES)):
        try:
            attempt()
            return
        except TooLate:
            if not left:
                raise
