"""One process, or one connection, and the conversation with it: from the handshake to the end."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from qwen_tts_client.connection import Connection
from qwen_tts_client.errors import (
    SidecarClosedError,
    SidecarError,
    SidecarExitedError,
    SidecarProtocolError,
    SidecarResponseError,
    SidecarStartError,
    SidecarVersionError,
    killed,
)
from qwen_tts_client.flow import FlowGate
from qwen_tts_client.heartbeat import Heartbeat
from qwen_tts_client.protocol import (
    PROTOCOL_VERSION,
    AudioProgress,
    ClientInfo,
    Empty,
    InitializeResult,
    PingResult,
)
from qwen_tts_client.transport import Connector, Ended, Transport

# The sidecar's name for itself. Another program may happen to answer `initialize`, too.
_SERVER_NAME = "qwen-tts-sidecar"
# Time limit for the end of the process after `exit`; then it is killed.
_CLOSE_TIMEOUT = 5.0
# How long to wait for a killed process. One that hangs in the system never ends.
_KILL_TIMEOUT = 2.0


@dataclass(frozen=True)
class SessionOptions:
    """What each conversation of a client begins with."""

    client_info: ClientInfo
    start_timeout: float
    silence_timeout: float


class SessionHost(Protocol):
    """What a session tells its owner."""

    def on_log(self, line: str) -> None:
        """Handle a line of the other side's log."""
        ...

    def on_down(self, session: Session, error: SidecarError) -> None:
        """Handle, once, that a conversation cannot go on; not called if it was closed here."""
        ...

    def on_exit(self, session: Session, ended: Ended) -> None:
        """Handle that nothing is left of the other side."""
        ...


class _Hello(msgspec.Struct, rename="camel"):
    """The part of the answer to `initialize` that all versions and other programs may have."""

    server_info: dict[str, Any] = {}
    protocol_version: Any = None


class Session:
    """One conversation.

    Attributes:
        down: why the conversation cannot go on; None if it can.
        transport: None until `start` has opened it.
        will_restart: whether another session follows; the owner sets it in `on_down`.
    """

    def __init__(self, connector: Connector, gate: FlowGate, host: SessionHost) -> None:
        self._connector, self._gate, self._host = connector, gate, host
        self._heartbeat: Heartbeat | None = None
        self._silence_timeout = 0.0
        self.will_restart = False
        self.down: SidecarError | None = None
        self.transport: Transport | None = None
        self.connection = Connection(self._send, host.on_log)

    async def start(self, options: SessionOptions) -> InitializeResult:
        """Open the transport and perform the handshake. Any error ends the process.

        Raises:
            SidecarError: it did not succeed; the type says why.
        """
        try:
            await self._open()
            with self._gate.waiting():
                server = await self._handshake(options)
        except SidecarError as error:
            self._fail(error)
            raise
        except asyncio.CancelledError:
            self._fail(SidecarClosedError())
            raise
        self._silence_timeout = options.silence_timeout
        if self.down is None and options.silence_timeout > 0:
            self._heartbeat = Heartbeat(options.silence_timeout, self)
        return server

    async def close(self) -> None:
        """End the process; return when it is gone, or cannot even be killed."""
        closed = SidecarClosedError()
        if self.down is None:
            self._request_exit(closed)
            self.down = closed
        self._stop_heartbeat()
        if self.transport is None:
            return
        self.transport.finish()
        if not await _within(_CLOSE_TIMEOUT, self.transport.ended):
            self.transport.kill()
            await self.gone()

    async def gone(self) -> None:
        """Wait until the killed process has ended, or hangs in the system."""
        if self.transport is not None:
            await _within(_KILL_TIMEOUT, self.transport.ended)

    # --- what the transport calls ----------------------------------------------------------

    def on_message(self, body: bytes) -> None:
        """Handle a message of the sidecar."""
        self._on_data()
        self.connection.receive(body)

    def on_audio(self, token: int, chunk: AudioProgress) -> None:
        """Handle a chunk of audio that did not come as JSON."""
        self._on_data()
        self.connection.receive_audio(token, chunk)

    def on_lost(self, error: SidecarError) -> None:
        """End a conversation that cannot go on."""
        self._fail(error)

    def on_log(self, line: str) -> None:
        """Pass on a line of the log."""
        self._host.on_log(line)

    # --- what the heartbeat calls ----------------------------------------------------------

    @property
    def is_listening(self) -> bool:
        """Whether the process is being read."""
        return not self._gate.paused

    def ping(self) -> None:
        """Send a ping whose answer concerns no call."""
        if self.connection.closed is None:
            self.connection.request("ping", {}, PingResult)

    def on_silent(self) -> None:
        """End a process that does not respond."""
        why = f"it sent nothing for {self._silence_timeout:g} s, not even the answer to a ping"
        self._fail(killed(self.transport.tail if self.transport else "", why))

    # --- private ---------------------------------------------------------------------------

    async def _open(self) -> None:
        try:
            self.transport = await self._connector.open(self)
        except SidecarError as error:
            self._fail(error)
            self._host.on_exit(self, Ended())
            raise
        self.transport.ended.add_done_callback(lambda future: self._on_end(future.result()))
        if self.down is not None:  # It was closed meanwhile.
            self.transport.kill()
            raise self.down
        self._gate.attach(self.transport.pause)
        self.connection.credit_ms = self.transport.credit_ms
        self.connection.has_room = self.transport.has_room

    def _send(self, body: bytes) -> None:
        if self.transport is not None:
            self.transport.send(body)

    def _on_data(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.on_data()

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()

    def _on_end(self, ended: Ended) -> None:
        exited = SidecarExitedError(ended.exit_code, ended.signal, ended.stderr)
        self._fail(ended.error or exited)
        self._host.on_exit(self, ended)

    def _fail(self, error: SidecarError) -> None:
        if self.down is not None:
            return
        # The first reason counts: the exit after this client's own signal explains nothing.
        self.down = self.connection.closed or error
        self._stop_heartbeat()
        self._host.on_down(self, self.down)
        self.connection.close(self.down)
        if self.transport is not None:
            self.transport.kill()

    def _request_exit(self, reason: SidecarClosedError) -> None:
        if self.connection.closed is None:
            self.connection.request("shutdown", {}, Empty)
            self.connection.notify("exit", {})
        self.connection.close(reason)

    async def _handshake(self, options: SessionOptions) -> InitializeResult:
        params: dict[str, Any] = {
            "protocolVersion": PROTOCOL_VERSION,
            "clientInfo": dict(options.client_info),
            "processId": os.getpid(),
        }
        call = self.connection.request("initialize", params, msgspec.Raw)
        try:
            answer = await asyncio.wait_for(call.answer, options.start_timeout)
            server = self._checked(answer)
        except asyncio.TimeoutError:
            waited = f"{self._connector.name} did not answer in {options.start_timeout:g} s."
            raise SidecarStartError(waited) from None
        except msgspec.DecodeError as error:
            raise SidecarProtocolError(
                f"The answer to initialize cannot be read: {error}"
            ) from error
        except SidecarResponseError as error:
            if error.type == "protocolVersionMismatch":
                raise _version_error("another") from error
            raise
        self.connection.max_message_bytes = server.capabilities.limits.max_message_bytes
        self.connection.notify("initialized", {})
        return server

    def _checked(self, answer: msgspec.Raw) -> InitializeResult:
        hello = msgspec.json.decode(answer, type=_Hello)
        name = hello.server_info.get("name")
        if name != _SERVER_NAME:
            calls_itself = f'"{name} {hello.server_info.get("version", "")}"' if name else "nothing"
            raise SidecarProtocolError(
                f"{self._connector.name} is another program: it calls itself {calls_itself}, not "
                f"{_SERVER_NAME}."
            )
        if hello.protocol_version != PROTOCOL_VERSION:
            raise _version_error(str(hello.protocol_version))
        return msgspec.json.decode(answer, type=InitializeResult)


def _version_error(theirs: str) -> SidecarVersionError:
    return SidecarVersionError(
        f"The sidecar speaks protocol version {theirs}, this client version {PROTOCOL_VERSION}: "
        "update the older of the two."
    )


async def _within(seconds: float, future: asyncio.Future[Ended]) -> bool:
    """Return whether the future was done in time."""
    return bool((await asyncio.wait([future], timeout=seconds))[0])
