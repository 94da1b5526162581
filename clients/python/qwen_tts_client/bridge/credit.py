"""The credit of one stream: how much of what a client grants is passed on to the sidecar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Credit(Protocol):
    """The credit of one stream.

    Attributes:
        passed_on: what has been passed on to the sidecar, in milliseconds.
        is_used: whether the client has to grant more before the stream goes on.
    """

    passed_on: float

    @property
    def is_used(self) -> bool: ...

    def ask(self, ms: float) -> None:
        """Add to what the client grants."""
        ...

    def leave(self, ms: float) -> None:
        """Note that audio has left for the client."""
        ...

    def end(self) -> None:
        """Pass nothing on any more."""
        ...


class OpenCredit(Protocol):
    """Makes the credit of a stream, of what its request grants, a limit, and how to pass it on."""

    def __call__(
        self, asked_ms: float, limit_ms: float, grant: Callable[[float], None], /
    ) -> Credit: ...


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

    @property
    def is_used(self) -> bool:
        """Whether all that the client has granted has left."""
        return self._left >= self._asked

    def end(self) -> None:
        """Do nothing: what is passed on after the end is ignored."""

    def _pass_on(self) -> None:
        more = min(self._asked, self._left + self._limit) - self.passed_on
        if more > 0:
            self.passed_on += more
            self._grant(more)
