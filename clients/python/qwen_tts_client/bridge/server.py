"""The server: one sidecar, and the connections that share it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server, ServerConnection, serve

from qwen_tts_client import Sidecar
from qwen_tts_client.bridge import door
from qwen_tts_client.bridge.pages import Page, PageDoor
from qwen_tts_client.bridge.peer import Peer, PeerLimits
from qwen_tts_client.bridge.socket import ServerSocket
from qwen_tts_client.protocol import InitializeResult

if TYPE_CHECKING:
    from typing_extensions import Self

log = logging.getLogger(__name__)

# Messages of one connection that may wait to be handled; the socket is not read beyond them.
_WAITING_MESSAGES = 4
# A client that does not answer a ping in this time is disconnected.
_PING_SECONDS = 20.0
# How long a client may take to confirm that the connection is closed.
_CLOSE_SECONDS = 2.0


@dataclass(frozen=True)
class BridgeOptions:
    """Where a bridge listens, who may connect, and what one connection may use."""

    token: str
    """What a client has to know: 1 to 256 letters, digits, or `-`, `_`, `.`, `~`."""

    host: str = "127.0.0.1"
    """The address to listen on. Anywhere but on the loopback, put TLS in front of it."""

    port: int = 0
    """The port; 0 takes a free one."""

    origins: tuple[str, ...] = ()
    """Origins of web pages that may connect, such as `https://example.com`."""

    allow_paths: bool = False
    """Whether clients may name recordings on this machine by `reference.path`."""

    max_connections: int = 64
    """Connections at a time."""

    max_requests: int = 24
    """Requests in flight of one connection: fewer than the 32 speeches that the sidecar has in
    memory, because 32 that wait for credit hold up all others."""

    max_credit_ms: int = 30_000
    """The most audio of one stream that is on its way to its client, in milliseconds."""

    max_message_bytes: int = 16 * 1024 * 1024
    """The largest message of a client."""

    pages: Mapping[str, Page] = field(default_factory=dict[str, Page])
    """Files for browsers by their paths, such as `/`. A page from there may connect. With pages,
    the bridge answers only to the address of the loopback: `http://127.0.0.1:PORT/`."""


class Bridge:
    """A WebSocket server with one sidecar, inside an `async with`.

    Memory: a connection takes at most 4 MiB of answers that it does not read, and for each of its
    streams `max_credit_ms` and one chunk of audio; four messages of its client wait at most.

    Args:
        sidecar: the client of the sidecar, not started yet. The bridge starts and closes it.

    Attributes:
        port: where it listens.
    """

    def __init__(self, sidecar: Sidecar, options: BridgeOptions) -> None:
        self._sidecar, self._options = sidecar, options
        self._server: Server | None = None
        self._connections = 0
        self._limits = PeerLimits(
            options.max_message_bytes,
            options.max_credit_ms,
            options.max_requests,
            options.allow_paths,
        )
        self.port = options.port

    async def __aenter__(self) -> Self:
        """Start the sidecar, and listen.

        Raises:
            SidecarError: the sidecar cannot be started.
            OSError: the address cannot be listened on.
        """
        await self._sidecar.start()
        try:
            self._server = await self._listen()
        except OSError:
            await self._sidecar.close()
            raise
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections with 1001, and the sidecar."""
        if self._server is not None:
            self._server.close(code=1001, reason="the server ends")
        await self._sidecar.close()  # Connections may be waiting for it.
        if self._server is not None:
            await self._server.wait_closed()

    async def _listen(self) -> Server:
        options = self._options
        entrance = door.Door(
            door.same_token(options.token),
            options.origins,
            lambda: self._connections < options.max_connections,
        )
        check = PageDoor(entrance, options.pages).check if options.pages else entrance.check
        return await serve(  # pyright: ignore[reportUnknownVariableType] - with Python 3.10
            self._converse,
            options.host,
            options.port,
            process_request=check,
            select_subprotocol=door.select,
            compression=None,
            max_size=options.max_message_bytes,
            max_queue=_WAITING_MESSAGES,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            server_header=None,
        )

    async def _converse(self, socket: ServerConnection) -> None:
        self._connections += 1
        log.info("%s has connected from %s", socket.id, socket.remote_address)
        try:
            await Peer(ServerSocket(socket), self._sidecar, self._initialized, self._limits).run()
        except Exception:
            log.exception("%s has failed", socket.id)
        finally:
            self._connections -= 1
            log.info("%s has ended with %s", socket.id, socket.close_code)

    @property
    def _initialized(self) -> InitializeResult:
        return InitializeResult(
            protocol_version=1,
            server_info=self._sidecar.server_info,
            capabilities=self._sidecar.capabilities,
        )
