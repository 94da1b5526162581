"""A WebSocket of Starlette, as the conversation of the bridge needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

from fastapi import WebSocket

from qwen_tts_client.bridge.socket import SocketClosedError

# Answers and events: what may be sent at once, and in each second after that. Sending never waits,
# so an unread answer would be kept by the processes of Serve.
_BURST_BYTES = 4 * 1024 * 1024
_BYTES_PER_SECOND = 256 * 1024


class Allowance:
    """Spreads over time what may be sent.

    Args:
        now: a clock, in seconds.
    """

    def __init__(
        self, burst: int, per_second: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._per_second, self._now = burst, per_second, now
        self._left, self._at = float(burst), now()

    def take(self, size: int) -> float:
        """Take an amount, and return for how many seconds to wait before it is sent."""
        at = self._now()
        self._left = min(self._burst, self._left + (at - self._at) * self._per_second) - size
        self._at = at
        return max(0.0, -self._left / self._per_second)


class AppSocket:
    """A WebSocket whose `send` waits for no client, so texts are spread over time."""

    def __init__(self, socket: WebSocket, name: str) -> None:
        self._socket = socket
        self._closed = asyncio.Event()
        self._texts = Allowance(_BURST_BYTES, _BYTES_PER_SECOND)
        self.name = name

    async def receive(self) -> str | None:
        """Return the next text; None for a binary message.

        Raises:
            SocketClosedError: the client, or `close`, has closed the WebSocket.
        """
        receiving = asyncio.ensure_future(self._socket.receive())
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((receiving, closing), return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                raise SocketClosedError
            message = cast("dict[str, Any]", receiving.result())
        except RuntimeError as error:  # It was closed before.
            raise SocketClosedError from error
        finally:
            receiving.cancel()
            closing.cancel()
        if message["type"] != "websocket.receive":
            self._closed.set()
            raise SocketClosedError
        return message.get("text")

    async def send(self, message: str | bytes) -> None:
        """Send a message; the client may be far behind with reading.

        Raises:
            SocketClosedError: the WebSocket has ended.
        """
        if isinstance(message, str) and (seconds := self._texts.take(len(message))):
            await self._wait(seconds)
        if self._closed.is_set():
            raise SocketClosedError
        try:
            if isinstance(message, str):
                await self._socket.send_text(message)
            else:
                await self._socket.send_bytes(message)
        except (RuntimeError, OSError) as error:
            raise SocketClosedError from error

    async def close(self, code: int, reason: str) -> None:
        """Close the WebSocket, if it is still open."""
        if self._closed.is_set():
            return
        self._closed.set()
        try:
            await self._socket.close(code, reason)
        except (RuntimeError, OSError):
            return  # The client was faster.

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closed.wait(), seconds)
        except TimeoutError:
            return
