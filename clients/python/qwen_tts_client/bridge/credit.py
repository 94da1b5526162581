"""The credit of one stream: how much of what a client grants is passed on to the sidecar."""

from __future__ import annotations

from collections.abc import Callable


class CreditLine:
    """Passes credit on so that no more than `limit_ms` of audio is on its way to the client.

    On its way is what the sidecar may still send, and what waits here to leave. A client that
    grants without reading therefore costs no more than one that does not grant.

    Args:
        asked_ms: what the request itself grants.
        grant: passes more credit on, in milliseconds.
    """

    def __init__(self, asked_ms: float, limit_ms: float, grant: Callable[[float], None]) -> None:
        self._asked = asked_ms
        self._limit = limit_ms
        self._grant = grant
        self._left = 0.0
        self.passed_on = min(asked_ms, limit_ms)

    def ask(self, ms: float) -> None:
        """Add to what the client grants."""
        self._asked += ms
        self._pass_on()

    def leave(self, ms: float) -> None:
        """Note that audio has left for the client."""
        self._left += ms
        self._pass_on()

    def _pass_on(self) -> None:
        more = min(self._asked, self._left + self._limit) - self.passed_on
        if more > 0:
            self.passed_on += more
            self._grant(more)
