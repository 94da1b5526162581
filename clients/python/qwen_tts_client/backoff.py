"""When a sidecar that crashed is started again."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """How often, and how soon, a sidecar that crashes is started again."""

    max_crashes: int = 5
    """Number of crashes within `window` after which it is not started again."""

    window: float = 180.0
    """Seconds for which a crash is remembered."""

    first_delay: float = 0.2
    """Seconds between the first crash and the next start; each further crash doubles them."""

    max_delay: float = 5.0
    """The most seconds between a crash and the next start."""


class Backoff:
    """Counts crashes, and decides how long to wait before the next start."""

    def __init__(self, restart: bool | RestartPolicy = True) -> None:
        if isinstance(restart, bool):
            restart = RestartPolicy() if restart else RestartPolicy(max_crashes=1)
        self._policy = restart
        self._crashes: list[float] = []

    def crashed(self, now: float | None = None) -> float | None:
        """Count a crash; return the seconds until the next start, or None for no further start."""
        now = time.monotonic() if now is None else now
        policy = self._policy
        self._crashes = [*(then for then in self._crashes if now - then < policy.window), now]
        if len(self._crashes) >= policy.max_crashes:
            return None
        return min(policy.max_delay, policy.first_delay * 2 ** (len(self._crashes) - 1))
