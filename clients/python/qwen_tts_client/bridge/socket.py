"""What a conversation needs of a WebSocket, whatever library or server it comes from."""

from __future__ import annotations

import io
from typing import Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed


class SocketClosedError(Exception):
    """The WebSocket has ended."""


class Socket(Protocol):
    """One WebSocket.

    Attributes:
        name: for the log.
    """

    name: str

    async def receive(self) -> str | None:
        """Return the next text; None for a binary message.

        Raises:
            SocketClosedError: there will be none.
        """
        ...

    async def send(self, message: str | bytes) -> None:
        """Send a text or a binary message, and wait while the client does not read.

        Raises:
            SocketClosedError: the WebSocket has ended.
        """
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close the WebSocket, if it is still open."""
        ...


class ServerSocket:
    """A connection of the library websockets."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self.name = str(connection.id)

    async def receive(self) -> str | None:
        """Return the next text; None for a binary message.

        Its fragments are joined as they come: a list of millions of them takes much memory.
        """
        text = io.StringIO()
        try:
            async for fragment in self._connection.recv_streaming():
                if isinstance(fragment, bytes):
                    return None
                text.write(fragment)
        except ConnectionClosed as error:
            raise SocketClosedError from error
        return text.getvalue()

    async def send(self, message: str | bytes) -> None:
        """Send a message, and wait while the client does not read."""
        try:
            await self._connection.send(message)
        except ConnectionClosed as error:
            raise SocketClosedError from error

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        await self._connection.close(code, reason)
