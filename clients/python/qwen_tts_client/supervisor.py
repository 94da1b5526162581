"""Starts the sidecar, starts it again after a crash, and ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from qwen_tts_client.backoff import Backoff, RestartPolicy
from qwen_tts_client.connection import Connection
from qwen_tts_client.errors import (
    SidecarClosedError,
    SidecarDisconnectedError,
    SidecarError,
    SidecarExitedError,
)
from qwen_tts_client.flow import FlowGate
from qwen_tts_client.protocol import InitializeResult
from qwen_tts_client.session import Session, SessionOptions
from qwen_tts_client.transport import Connector, Ended

# The most that the end of a start takes which is no longer wanted.
_UNWANTED = 10.0


@dataclass(frozen=True)
class ExitEvent:
    """How the sidecar's process ended."""

    exit_code: int | None
    """The process's exit code; None if a signal ended it."""

    signal: str | None
    """The signal that ended the process, such as `SIGKILL`; None if there was none."""

    stderr: str
    """The last lines that the process wrote to stderr."""

    will_restart: bool
    """Whether it will be started again: not after `close`, and not after too many crashes."""

    error: SidecarError
    """What pending calls raise: why the process ended, or that the sidecar was closed."""


@dataclass(frozen=True)
class RestartEvent:
    """The sidecar's process was started again."""

    pid: int | None
    """Process id of the new process; None if it is not a child of this process."""

    restarts: int
    """Number of restarts so far."""


@dataclass
class Listeners:
    """The functions of the app that are called with events; each may raise."""

    on_log: Callable[[str], object] | None = None
    on_exit: Callable[[ExitEvent], object] | None = None
    on_restart: Callable[[RestartEvent], object] | None = None


def call_later(function: Callable[..., object] | None, *args: object) -> None:
    """Call a function of the app by the event loop, so that an error in it stops nothing here."""
    if function is not None:
        asyncio.get_running_loop().call_soon(function, *args)


@dataclass
class Supervisor:
    """Has one session at a time."""

    connector: Connector
    gate: FlowGate
    options: SessionOptions
    restart: bool | RestartPolicy = True
    listeners: Listeners = field(default_factory=Listeners)

    def __post_init__(self) -> None:
        self._backoff = Backoff(self.restart)
        self._ready: asyncio.Future[Connection] | SidecarError = SidecarClosedError()
        self._session: Session | None = None
        self._skip_delay = asyncio.Event()
        self._is_supervised = False
        self._closing: asyncio.Task[None] | None = None
        self._restarts = 0
        self.server: InitializeResult | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs now; None if none does."""
        transport = self._session.transport if self._session else None
        return None if transport is None or transport.ended.done() else transport.pid

    async def start(self) -> None:
        """Start the first process.

        Raises:
            SidecarError: it did not start; the start is not repeated.
        """
        self._ready = _never_unhandled(asyncio.create_task(self._launch()))
        await self._ready
        self._is_supervised = True

    async def connection(self) -> Connection:
        """Return the current conversation; while the process is being restarted, the next one.

        Raises:
            SidecarError: there is none, and there will be none.
        """
        if isinstance(self._ready, SidecarError):
            raise self._ready.with_traceback(None)
        return await asyncio.shield(self._ready)

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        self._closing = self._closing or asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    # --- what a session calls --------------------------------------------------------------

    def on_log(self, line: str) -> None:
        """Pass on a line of the log."""
        call_later(self.listeners.on_log, line)

    def on_down(self, session: Session, error: SidecarError) -> None:
        """Start the process again unless it crashes too often; later calls wait for that."""
        if not self._is_supervised or self._closing is not None:
            return
        delay = self._backoff.crashed()
        if delay is None:
            self._ready = self._final(error)
            return
        session.will_restart = True
        self._ready = _never_unhandled(asyncio.create_task(self._relaunch(session, delay)))

    def on_exit(self, session: Session, ended: Ended) -> None:
        """Tell the app about the end of a process."""
        error = session.down or SidecarClosedError()
        event = ExitEvent(ended.exit_code, ended.signal, ended.stderr, session.will_restart, error)
        call_later(self.listeners.on_exit, event)

    # --- private ---------------------------------------------------------------------------

    async def _launch(self) -> Connection:
        session = self._session = Session(self.connector, self.gate, self)
        self.server = await session.start(self.options)
        return session.connection

    def _final(self, error: SidecarError) -> SidecarError:
        """Return the error that every later call raises."""
        if self.restart is False:
            return error
        note = " It crashed too often and is not started again."
        last: SidecarError
        if isinstance(error, SidecarDisconnectedError):
            note = " It was lost too often and is not made again."
            last = SidecarDisconnectedError(error.url, error.close_code, error.reason, note)
        elif isinstance(error, SidecarExitedError):
            last = SidecarExitedError(error.exit_code, error.signal, error.stderr, note)
        else:
            last = SidecarExitedError(None, None, "", f"{note} {error}")
        last.__cause__ = error
        return last

    async def _relaunch(self, previous: Session, delay: float) -> Connection:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._skip_delay.wait(), delay)
        await previous.gone()
        if self._closing is not None:
            raise SidecarClosedError
        connection = await self._launch()
        if self._closing is not None:
            raise SidecarClosedError
        self._restarts += 1
        call_later(self.listeners.on_restart, RestartEvent(self.pid, self._restarts))
        return connection

    async def _close(self) -> None:
        self._skip_delay.set()
        starting, self._ready = self._ready, SidecarClosedError()
        if self._session is not None:
            await self._session.close()
        if isinstance(starting, asyncio.Future):
            await asyncio.wait([starting], timeout=_UNWANTED)


def _never_unhandled(task: asyncio.Task[Connection]) -> asyncio.Task[Connection]:
    """Mark the error of a task as handled: the next call awaits it, and there may be none."""
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
