"""Noticing a process that runs but does not respond."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

LOOKS = 4
"""Number of checks within the time limit."""


class HeartbeatHost(Protocol):
    """What a heartbeat needs from the conversation that it watches."""

    @property
    def is_listening(self) -> bool:
        """Whether the process is being read: otherwise, silence means nothing."""
        ...

    def ping(self) -> None:
        """Send the process a ping."""
        ...

    def on_silent(self) -> None:
        """Handle that nothing arrived, not even the answer to a ping, for the whole time limit."""
        ...


class Heartbeat:
    """Detects a process that runs but does not respond.

    Time is counted in checks, so that neither a machine that slept nor a blocked event loop makes a
    process look dead.
    """

    def __init__(self, timeout: float, host: HeartbeatHost) -> None:
        self._interval = timeout / LOOKS
        self._host = host
        self._silent_looks = 0
        self._stop: Callable[[], None] = lambda: None
        self._wait()

    def on_data(self) -> None:
        """Note that the process has sent something."""
        self._silent_looks = 0

    def stop(self) -> None:
        """End the checks."""
        self._stop()

    def _wait(self) -> None:
        self._stop = asyncio.get_running_loop().call_later(self._interval, self._look).cancel

    def _look(self) -> None:
        self._wait()
        if not self._host.is_listening:
            self._silent_looks = 0
            return
        self._silent_looks += 1
        if self._silent_looks == 1:
            self._host.ping()
        elif self._silent_looks > LOOKS:
            self._host.on_silent()
