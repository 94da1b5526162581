"""The protocol over a WebSocket: protocol/websocket.md, with the conversation of the bridge."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import FastAPI, Response, WebSocket
from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from qwen_tts_client import Sidecar
from qwen_tts_client.bridge import door
from qwen_tts_client.bridge.messages import Refusal
from qwen_tts_client.bridge.peer import Peer, PeerLimits
from qwen_tts_client.protocol import ERROR_CODES, InitializeResult
from qwen_tts_cluster.access import Key
from qwen_tts_cluster.backends.sidecar import SidecarBackend
from qwen_tts_cluster.doors.credit import AcknowledgedCredit
from qwen_tts_cluster.doors.socket import AppSocket
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.meter import RunningSpeech
from qwen_tts_cluster.observing import SpeechWatch
from qwen_tts_cluster.service import Service

Counted = contextlib.AbstractAsyncContextManager[tuple[RunningSpeech, SpeechWatch]]

log = logging.getLogger(__name__)

# What changes the models and voices of one replica is the operator's, not a client's: the client's
# next request may be answered by another replica.
_WITHHELD = frozenset(
    {"voice/create", "voice/delete"}
    | {f"model/{change}" for change in ("load", "unload", "download", "delete")}
)


class Account:
    """One speech: in the replica's meter, in the metrics, and among those of its client's key.

    Args:
        counted: counts a speech as long as its `async with` lasts.
    """

    def __init__(self, counted: Counted) -> None:
        loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[tuple[RunningSpeech, SpeechWatch]] = loop.create_future()
        self._outcome: asyncio.Future[str] = loop.create_future()
        self._counting = asyncio.create_task(self._count(counted))

    async def open(self) -> None:
        """Wait until it is counted.

        Raises:
            SpeechError: there may be no further one now.
        """
        try:
            self._speech, self._watch = await self._opened
        except asyncio.CancelledError:
            self._counting.cancel()
            raise

    def sent(self, ms: float) -> None:
        """Note that a chunk of audio has gone to the client."""
        self._speech.sent(ms)
        self._watch.heard(round(ms * 1000), 1_000_000)

    def held(self, is_held: bool) -> None:
        """Note whether the client holds the speech up."""
        self._speech.held(is_held)

    def end(self, outcome: str) -> None:
        """Count the speech no more."""
        self._outcome.set_result(outcome)

    async def _count(self, counted: Counted) -> None:
        try:
            async with counted as (speech, watch):
                self._opened.set_result((speech, watch))
                watch.outcome = await self._outcome
        except SpeechError as error:
            self._opened.set_exception(error)


class Accounts:
    """The speeches of one connection."""

    def __init__(self, service: Service, key: Key) -> None:
        self._service, self._key = service, key

    async def open(self, params: dict[str, Any]) -> Account:
        """Count a new speech.

        Raises:
            Refusal: there may be no further one now, or not with this model.
        """
        text = params.get("text")
        try:
            self._service.check_model(params.get("model"))
            account = Account(self._counted(len(text) if isinstance(text, str) else 0))
            await account.open()
        except SpeechError as error:
            kind = error.type if error.type in ERROR_CODES else "queueFull"
            raise Refusal(kind, str(error), field=error.field, hint=error.hint) from None
        return account

    @contextlib.asynccontextmanager
    async def _counted(self, characters: int) -> AsyncGenerator[tuple[RunningSpeech, SpeechWatch]]:
        service = self._service
        async with self._key.admit(characters):
            with (
                service.meter.speech() as speech,
                service.observer.speech("websocket", characters) as watch,
            ):
                yield speech, watch


class Sockets:
    """The open WebSockets of a replica. They end when it is drained."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._peers: set[Peer] = set()
        limits = service.settings.limits
        self._limits = PeerLimits(
            limits.max_message_bytes,
            limits.max_credit_ms,
            limits.max_requests,
            allow_paths=False,
            open_credit=AcknowledgedCredit,
        )
        self._door = door.Door(
            lambda token: service.keys.find(token) is not None,
            service.settings.access.origins,
            lambda: len(self._peers) < limits.max_sockets and not service.draining.is_set(),
        )
        service.on_drain(self._drain)
        service.on_end(self._end)

    async def converse(self, socket: WebSocket) -> None:
        """Open a WebSocket if its client may have one, and answer until it ends."""
        backend = self._service.backend
        if not isinstance(backend, SidecarBackend):
            await _refuse(socket, 501, "This server speaks over HTTP only: POST /v1/audio/speech.")
            return
        headers = socket.headers.getlist
        refusal = self._door.refusal(headers)
        if refusal is not None:
            await _refuse(socket, *refusal)
            return
        key = self._service.keys.find(door.given_token(headers, door.offered(headers)))
        assert key is not None, "the door has looked"
        await socket.accept(door.SUBPROTOCOL)
        name = uuid.uuid4().hex[:8]
        log.info("%s of %s has connected", name, key.name)
        peer = Peer(
            AppSocket(socket, name),
            backend.sidecar,
            _offer(backend.sidecar),
            self._limits,
            Accounts(self._service, key),
        )
        self._peers.add(peer)
        try:
            if self._service.draining.is_set():
                peer.drain()
            await peer.run()
        finally:
            self._peers.discard(peer)
            log.info("%s has ended", name)

    def _drain(self) -> None:
        for peer in list(self._peers):
            peer.drain()

    def _end(self) -> None:
        for peer in list(self._peers):
            peer.end()


class WithSlash:
    """Takes the address of an application for that of its root: `/speech` for `/speech/`.

    Starlette redirects requests of HTTP, and WebSockets cannot be redirected.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what came."""
        if scope["type"] == "websocket" and scope["path"] == scope.get("root_path"):
            scope = {**scope, "path": f"{scope['path']}/"}
        await self._app(scope, receive, send)


def install(app: FastAPI, service: Service) -> None:
    """Add the WebSocket to an application, at its root."""
    app.add_middleware(WithSlash)
    app.add_api_websocket_route("/", Sockets(service).converse)


def _offer(sidecar: Sidecar) -> InitializeResult:
    """Return what a client may ask for."""
    capabilities = sidecar.capabilities
    methods = [method for method in capabilities.methods if method not in _WITHHELD]
    return InitializeResult(
        protocol_version=1,
        server_info=sidecar.server_info,
        capabilities=replace(capabilities, methods=methods),
    )


async def _refuse(socket: WebSocket, status: int, why: str) -> None:
    """Answer with an HTTP status, or where the server cannot, with its 403."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(Response(f"{why}\n", status, media_type="text/plain"))
    else:
        await socket.close(1008, why)
