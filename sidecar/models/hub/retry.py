"""When a request to the hub is sent again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sidecar.errors import Cancelled, SidecarError
from sidecar.models.hub.failures import explain, find_requested_pause, is_transient

Result = TypeVar("Result")

# A hub that asks for a longer pause than this is reported instead of waited for.
_MAX_PAUSE_SECONDS = 60.0
_TRIES = 4  # without a byte in between
_FIRST_PAUSE_SECONDS = 0.5


class RetryPolicy:
    """Exponential backoff, which `cancelled` interrupts.

    Args:
        repo: the repository's name, for errors.
        cancelled: set from another thread.
        on_pause: called with the seconds before each pause that the hub has asked for.
    """

    def __init__(
        self, repo: str, cancelled: threading.Event, on_pause: Callable[[float], None]
    ) -> None:
        self._repo = repo
        self._cancelled = cancelled
        self._on_pause = on_pause
        self._failures = 0

    def check(self) -> None:
        """Raise Cancelled if the download was cancelled."""
        if self._cancelled.is_set():
            raise Cancelled("The download was cancelled.")

    def reset(self) -> None:
        """Count failures from zero again, since bytes have arrived."""
        self._failures = 0

    def run(self, attempt: Callable[[], Result]) -> Result:
        """Return what `attempt` returns; call it again after a transient failure.

        Raises:
            SidecarError: the failure is permanent, or has been repeated too often.
        """
        self.reset()
        while True:
            self.check()
            try:
                return attempt()
            except SidecarError:
                raise
            except Exception as error:
                self._pause_after(error)

    def _pause_after(self, error: Exception) -> None:
        pause = _FIRST_PAUSE_SECONDS * 2**self._failures
        self._failures += 1
        asked = find_requested_pause(error)
        too_long = (asked or 0) > _MAX_PAUSE_SECONDS
        if self._failures >= _TRIES or not is_transient(error) or too_long:
            raise explain(error, self._repo) from error
        if asked is not None:
            self._on_pause(asked)
            pause = max(pause, asked)
        self._cancelled.wait(pause)
