"""A WebSocket as the transport: the sidecar runs elsewhere, behind a server such as the bridge.

protocol/websocket.md specifies it. It needs the library websockets, the extra `websocket`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)
from websockets.typing import Subprotocol

from qwen_tts_client.access_token import RULE, is_access_token
from qwen_tts_client.audio_message import decode_audio
from qwen_tts_client.errors import (
    SidecarDisconnectedError,
    SidecarError,
    SidecarProtocolError,
    SidecarStartError,
)
from qwen_tts_client.framing import MAX_BODY
from qwen_tts_client.transport import Ended, Receiver

_SUBPROTOCOL = Subprotocol("qwen-tts.v1")
# Messages that wait in the library; the socket is not read beyond them.
_WAITING_MESSAGES = 4
# The credit of a stream whose request names none: enough for a player, in milliseconds.
_CREDIT_MS = 5000.0
# How long the other side may take to confirm that the connection is closed.
_CLOSE_TIMEOUT = 2.0


class _Connect(connect):
    """Follow no redirect, since older versions of the library would send the token there, too."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketConnector:
    """Connects to one server, for each conversation anew.

    Args:
        url: such as `wss://example.com` or `ws://127.0.0.1:8123`.
        token: what the server asks for; it is sent in a header.
        timeout: seconds that the connection may take.

    Raises:
        SidecarError: a server cannot have this token.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        if not is_access_token(token):
            raise SidecarError(f"The token {RULE}; a line break at its end may come from a file.")
        self.name = url
        self._token = token
        self._timeout = timeout

    async def open(self, receiver: Receiver) -> WebSocketTransport:
        """Connect.

        Raises:
            SidecarStartError: the server cannot be reached, or refuses the connection.
        """
        try:
            socket = await _Connect(
                self.name,
                subprotocols=[_SUBPROTOCOL],
                additional_headers={"Authorization": f"Bearer {self._token}"},
                compression=None,
                open_timeout=self._timeout,
                close_timeout=_CLOSE_TIMEOUT,
                ping_interval=None,  # The heartbeat of the session sees more.
                max_size=MAX_BODY,
                max_queue=_WAITING_MESSAGES,
            )
        except InvalidStatus as error:
            response = error.response
            why = response.body.decode(errors="replace").strip()
            raise SidecarStartError(
                f"{self.name} refused the connection with status {response.status_code}: {why}"
            ) from error
        except (OSError, asyncio.TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
            raise SidecarStartError(f"{self.name} cannot be reached: {error}") from error
        return WebSocketTransport(self.name, socket, receiver)


class WebSocketTransport:
    """A connection: messages are text, and chunks of audio are binary."""

    def __init__(self, name: str, socket: ClientConnection, receiver: Receiver) -> None:
        self._name, self._socket, self._receiver = name, socket, receiver
        self._outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._is_read = asyncio.Event()
        self._is_read.set()
        self.has_room = asyncio.Event()
        self.has_room.set()
        self._writing = asyncio.create_task(self._write())
        self._reading = asyncio.create_task(self._read())
        self.pid: int | None = None
        self.credit_ms: float | None = _CREDIT_MS
        self.ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    @property
    def tail(self) -> str:
        """Return nothing: the log is the server's."""
        return ""

    def send(self, body: bytes) -> None:
        """Send a message."""
        if not self.ended.done():
            self.has_room.clear()
        self._outgoing.put_nowait(body)

    def pause(self, paused: bool) -> None:
        """Stop or resume reading; the credit of each stream bounds what may come."""
        if paused:
            self._is_read.clear()
        else:
            self._is_read.set()

    def finish(self) -> None:
        """Close the connection after what has been sent."""
        self.pause(False)
        self._outgoing.put_nowait(None)

    def kill(self) -> None:
        """Drop the connection."""
        self.pause(False)
        self._abort()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):
            while (body := await self._outgoing.get()) is not None:
                await self._socket.send(body, text=True)
                if self._outgoing.empty():
                    self.has_room.set()
            await self._socket.close()

    async def _read(self) -> None:
        try:
            while True:
                await self._is_read.wait()
                self._take(await self._socket.recv())
        except SidecarProtocolError as error:
            self._receiver.on_lost(error)
        except ConnectionClosed:
            pass
        finally:
            self._abort()
            self._writing.cancel()
            self.has_room.set()
            self.ended.set_result(Ended(error=self._reason()))

    def _abort(self) -> None:
        # Python 3.11's transport has lost its loop if it was closed while much waited to be sent.
        with suppress(AttributeError):
            self._socket.transport.abort()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._receiver.on_message(message.encode())
            return
        try:
            audio = decode_audio(message)
        except ValueError as error:
            raise SidecarProtocolError(str(error)) from error
        if audio is not None:
            self._receiver.on_audio(*audio)

    def _reason(self) -> SidecarDisconnectedError:
        return SidecarDisconnectedError(
            self._name, self._socket.close_code, self._socket.close_reason or ""
        )
