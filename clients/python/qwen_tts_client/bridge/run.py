"""A bridge that serves until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence

from qwen_tts_client import ExitEvent, Sidecar, SidecarClosedError
from qwen_tts_client.bridge.server import Bridge, BridgeOptions

log = logging.getLogger(__name__)


async def run(
    options: BridgeOptions,
    command: str | Sequence[str] | None,
    args: Sequence[str],
    announce: Callable[[Bridge], object],
) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        command: how to start the sidecar; None searches for it.
        args: arguments of the sidecar.
        announce: is called once the bridge listens.

    Returns:
        The exit code: 128 and the number of the signal.

    Raises:
        SidecarError: the sidecar cannot be started.
        OSError: the address cannot be listened on.
    """
    is_serving = asyncio.Event()
    sidecar = Sidecar(
        command,
        args=args,
        on_log=lambda line: log.warning("sidecar: %s", line),
        on_exit=lambda event: _log_exit(event) if is_serving.is_set() else None,
        on_restart=lambda event: log.warning("the sidecar was started again: %d", event.restarts),
    )
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _end, ended, number)
    async with Bridge(sidecar, options) as bridge:
        is_serving.set()
        announce(bridge)
        return await ended


def _log_exit(event: ExitEvent) -> None:
    if isinstance(event.error, SidecarClosedError):
        return
    log.error("%s", event.error)
    if not event.will_restart:
        log.error("The sidecar is not started again. Start this command again once it can run.")


def _end(ended: asyncio.Future[int], number: int) -> None:
    if not ended.done():
        ended.set_result(128 + number)
