"""What waits to leave on one connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from qwen_tts_client.bridge.socket import Socket, SocketClosedError

# Beyond this, no more messages of the client are read: their answers would only wait.
_FULL_BYTES = 4 * 1024 * 1024


class Outgoing:
    """A queue of messages, and the one task that sends them, so that they stay in order.

    Audio in it is bounded by credit, answers by `room`.
    """

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._messages: deque[tuple[str | bytes, int, Callable[[], None] | None]] = deque()
        self._bytes = 0
        self._more, self._room, self._empty = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._empty.set()
        self._is_ending = False

    def put(self, message: bytes, *, text: bool, on_sent: Callable[[], None] | None = None) -> None:
        """Add a message; `on_sent` is called when the connection has taken it."""
        self._messages.append((message.decode() if text else message, len(message), on_sent))
        self._bytes += len(message)
        self._more.set()
        self._empty.clear()
        if self.is_full:
            self._room.clear()

    @property
    def is_full(self) -> bool:
        """Whether the client is far behind with reading."""
        return self._bytes > _FULL_BYTES

    async def room(self) -> None:
        """Wait until there is room for another answer."""
        await self._room.wait()

    async def sent(self) -> None:
        """Wait until the connection has taken everything, or has ended."""
        await self._empty.wait()

    def end(self) -> None:
        """End `run` once everything has been sent."""
        self._is_ending = True
        self._more.set()

    async def run(self) -> None:
        """Send messages until `end`, or until the connection ends."""
        try:
            while await self._next():
                message, size, on_sent = self._messages.popleft()
                await self._socket.send(message)
                self._bytes -= size
                if on_sent is not None:
                    on_sent()
                if not self.is_full:
                    self._room.set()
                if not self._messages:
                    self._empty.set()
        except SocketClosedError:
            pass
        finally:
            self._messages.clear()
            self._room.set()
            self._empty.set()

    async def _next(self) -> bool:
        while not self._messages:
            if self._is_ending:
                return False
            self._more.clear()
            await self._more.wait()
        return True
