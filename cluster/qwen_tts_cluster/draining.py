"""The earliest sign that Serve takes a replica away.

Serve has no callback for it. Its controller calls `perform_graceful_shutdown` of the replica's
actor, which sets `_shutting_down` in the same process, and waits until no request is left: an open
WebSocket is one, so it would wait until the end of the grace. That attribute is read here, and
nothing is changed. Read in the source of Ray 2.60: serve/_private/replica.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

_PERIOD_SECONDS = 0.1


class NoSignError(Exception):
    """This version of Ray keeps the sign elsewhere: a replica that goes would cut its speech."""


def find_sign() -> Callable[[], bool]:
    """Return a function that says whether the replica of this process goes.

    Raises:
        NoSignError: there is none here.
    """
    from ray._private import worker

    actors: dict[Any, Any] = worker.global_worker.actors
    for actor in actors.values():
        replica: Any = getattr(actor, "_replica_impl", None)
        if isinstance(getattr(replica, "_shutting_down", None), bool):
            return lambda: bool(replica._shutting_down)
    raise NoSignError("This process has no replica of Ray Serve 2.60 whose end can be seen.")


async def wait_for(sign: Callable[[], bool]) -> None:
    """Return when the sign is given."""
    while not sign():
        await asyncio.sleep(_PERIOD_SECONDS)
