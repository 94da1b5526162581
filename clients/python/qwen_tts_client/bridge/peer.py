"""One connection: its lifecycle, its requests, and what it may do."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from qwen_tts_client import Sidecar
from qwen_tts_client.bridge import initialize, messages
from qwen_tts_client.bridge.accounts import Accounts, NoAccounts
from qwen_tts_client.bridge.credit import CreditLine, OpenCredit
from qwen_tts_client.bridge.messages import Id, Incoming, Refusal, key
from qwen_tts_client.bridge.outgoing import Outgoing
from qwen_tts_client.bridge.request import SPEECH, Request
from qwen_tts_client.bridge.socket import Socket, SocketClosedError
from qwen_tts_client.connection import Connection
from qwen_tts_client.errors import SidecarError
from qwen_tts_client.protocol import InitializeResult

log = logging.getLogger(__name__)

# How long a connection may take until `initialize`.
_HELLO_SECONDS = 10.0
# What is passed on as it is.
_STEERING = (
    "speech/appendText",
    "speech/endText",
    "speech/flush",
    "speech/pause",
    "speech/resume",
)


@dataclass(frozen=True)
class PeerLimits:
    """What one connection may use; see `BridgeOptions`."""

    message_bytes: int
    credit_ms: int
    requests: int
    allow_paths: bool
    open_credit: OpenCredit = CreditLine


class _Phase(Enum):
    NEW = "new"
    READY = "ready"
    SHUT_DOWN = "shut down"


class Peer:
    """Converses with the client of one connection.

    Messages are handled one after another. While the sidecar is being started again, or does not
    take what it was sent, the next one waits, and the client's later messages are not read.
    """

    def __init__(
        self,
        socket: Socket,
        sidecar: Sidecar,
        server: InitializeResult,
        limits: PeerLimits,
        accounts: Accounts | None = None,
    ) -> None:
        self._socket, self._sidecar, self._server = socket, sidecar, server
        self._limits, self._accounts = limits, accounts or NoAccounts()
        self._outgoing = Outgoing(socket)
        self._phase = _Phase.NEW
        self._methods = frozenset(server.capabilities.methods)
        self._requests: dict[tuple[str, Id], Request] = {}
        self._unsent = 0  # requests without an answer that has left
        self._connection: Connection | None = None  # to which the last request went
        self._is_over = False
        self._is_draining = False
        self._closing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Handle messages until the connection ends, and cancel what it had asked for."""
        sending = asyncio.create_task(self._outgoing.run())
        hello = asyncio.get_running_loop().call_later(_HELLO_SECONDS, self._expire)
        code, reason = 1011, "the server has failed"
        try:
            code, reason = await self._converse()
        except SocketClosedError:
            pass
        finally:
            hello.cancel()
            self._cancel_all()
            self._outgoing.end()
            await sending
            await self._socket.close(code, reason)

    def drain(self) -> None:
        """Refuse new requests, and close with 1001 when the running ones have been answered."""
        self._is_draining = True
        self._close_if_drained()

    def end(self) -> None:
        """Cancel what is running, and close with 1001."""
        self._cancel_all()
        self.drain()

    async def _converse(self) -> tuple[int, str]:
        """Return with what to close the connection."""
        while not self._is_over:
            text = await self._socket.receive()
            if text is None:
                return 1003, "a client sends text only"
            try:
                message = messages.read(text)
                if message is not None:
                    await self._handle(message)
            except Refusal as refusal:
                self._outgoing.put(messages.refused(refusal), text=True)
            await self._outgoing.room()
            if self._connection is not None:
                await self._connection.has_room.wait()
        return 1000, ""

    async def _handle(self, message: Incoming) -> None:
        if message.id is None:
            self._on_notification(message.method, message.params)
            return
        try:
            await self._on_request(message.id, message.method, message.params)
        except Refusal as refusal:
            refusal.id = message.id
            raise

    # --- requests --------------------------------------------------------------------------

    async def _on_request(self, id: Id, method: str, params: Any) -> None:
        if key(id) in self._requests:
            raise Refusal("duplicateId", f"A request with id {id!r} is still running.")
        if method not in self._methods:
            raise Refusal("methodNotFound", f"There is no method {method!r}.")
        if method == "initialize":
            self._initialize(id, params)
        elif self._phase is _Phase.NEW:
            raise Refusal(
                "notInitialized", f"{method} came before initialize.", hint="Send initialize first."
            )
        elif self._is_draining:
            raise Refusal(
                "shuttingDown",
                "The server ends; what it has begun goes on.",
                hint="Open a new connection, which another server answers.",
            )
        elif self._phase is _Phase.SHUT_DOWN:
            raise Refusal(
                "shuttingDown", f"{method} came after shutdown.", hint="Open a new connection."
            )
        elif method == "shutdown":
            self._phase = _Phase.SHUT_DOWN
            self._outgoing.put(messages.result(id, {}), text=True)
        else:
            await self._pass_on(id, method, params)

    def _initialize(self, id: Id, params: Any) -> None:
        if self._phase is not _Phase.NEW:
            raise Refusal("invalidRequest", "initialize was sent twice.")
        limits = self._limits
        name, result = initialize.answer(
            params, self._server, limits.message_bytes, limits.credit_ms, limits.requests
        )
        self._phase = _Phase.READY
        log.info("%s is %r", self._socket.name, name)
        self._outgoing.put(messages.result(id, result), text=True)

    async def _pass_on(self, id: Id, method: str, params: Any) -> None:
        limits = self._limits
        if self._unsent >= limits.requests:
            raise Refusal(
                "queueFull",
                f"This connection has {limits.requests} requests in flight.",
                hint="Send it again when one of them has been answered.",
            )
        request = Request(
            id,
            method,
            params,
            credit_ms=limits.credit_ms,
            open_credit=limits.open_credit,
            allow_paths=limits.allow_paths,
        )
        if self._find_token(request.token) is not None:
            raise Refusal(
                "tokenInUse",
                f"The token {request.token!r} is in use by another request.",
                field=request.token_field,
            )
        if method == SPEECH:
            request.count(await self._accounts.open(messages.as_params(params)))
        try:
            connection = self._connection = await self._sidecar.connection()
            call = request.send(connection, self._outgoing)
        except SidecarError as error:
            request.end(error)
            self._outgoing.put(messages.failed(id, error), text=True)
            return
        except BaseException as error:
            request.end(error)
            raise
        self._requests[key(id)] = request
        self._unsent += 1
        call.answer.add_done_callback(lambda answer: self._answer(request, answer))

    def _answer(self, request: Request, answer: asyncio.Future[msgspec.Raw]) -> None:
        if self._requests.pop(key(request.id), None) is None:
            return  # the connection has ended
        error = answer.exception()
        request.end(error)
        body = (
            messages.result(request.id, answer.result())
            if error is None
            else messages.failed(request.id, error)
        )
        self._outgoing.put(body, text=True, on_sent=self._on_answered)

    def _on_answered(self) -> None:
        self._unsent -= 1
        self._close_if_drained()

    # --- notifications ---------------------------------------------------------------------

    def _on_notification(self, method: str, params: Any) -> None:
        if method == "exit":
            self._is_over = True
            return
        if self._phase is _Phase.NEW:
            return
        given = messages.as_params(params)
        if method == "$/cancelRequest":
            request = self._requests.get(key(given.get("id")))
            if request is not None:
                request.cancel(given.get("playedMs"))
        elif method in (*_STEERING, "speech/grantCredit"):
            self._on_stream(method, given)

    def _on_stream(self, method: str, params: messages.Params) -> None:
        """Pass on what steers a stream; silent if its request has ended, as it may meanwhile."""
        request = self._find_token(params.get("token"))
        if request is None:
            return
        if method in _STEERING:
            request.notify(method, params)
            return
        ms = messages.as_number(params.get("ms"))
        if ms:
            request.ask(ms)

    def _find_token(self, token: Any) -> Request | None:
        if token is None:
            return None
        requests = self._requests.values()
        return next((r for r in requests if key(r.token) == key(token)), None)

    # --- the end ---------------------------------------------------------------------------

    def _cancel_all(self) -> None:
        requests, self._requests = self._requests, {}
        for request in requests.values():
            refusal = Refusal("cancelled", "The connection is closing.", id=request.id)
            request.cancel()
            request.end(refusal)
            self._outgoing.put(messages.refused(refusal), text=True, on_sent=self._on_answered)

    def _close_if_drained(self) -> None:
        if self._is_draining and self._unsent == 0 and self._closing is None:
            self._closing = asyncio.create_task(self._close_after_answers())

    async def _close_after_answers(self) -> None:
        await self._outgoing.sent()
        await self._socket.close(1001, "the server ends")

    def _expire(self) -> None:
        if self._phase is _Phase.NEW:
            reason = f"no initialize within {_HELLO_SECONDS:g} s"
            self._closing = asyncio.create_task(self._socket.close(1008, reason))
