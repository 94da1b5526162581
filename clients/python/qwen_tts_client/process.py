"""The sidecar as a child process, whose pipes are the transport."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from qwen_tts_client.errors import SidecarProtocolError, killed
from qwen_tts_client.framing import FrameReader, frame
from qwen_tts_client.lines import LineReader
from qwen_tts_client.locate import locate
from qwen_tts_client.start_error import start_error
from qwen_tts_client.transport import Ended, Receiver

# How much of stderr is kept to explain the end of the process.
_TAIL_LINES = 40
_TAIL_CHARS = 64 * 1024
# How long to wait for the pipes after the exit: a grandchild may hold one open.
_CLOSE_GRACE = 1.0
# How long a process with a closed pipe may take to end: when a process ends, its pipes close first.
_LOST_GRACE = 1.0

_PIPES = ("stdin", "stdout", "stderr")


class ProcessConnector:
    """Finds the sidecar's program once, and starts it for each conversation."""

    def __init__(
        self,
        command: str | Sequence[str] | None,
        args: Sequence[str],
        env: Mapping[str, str | None],
        cwd: str | os.PathLike[str] | None,
        start_timeout: float,
    ) -> None:
        # The host may change its own folder before a restart.
        self._cwd = Path(cwd or "").absolute()
        # A Python that is named as the command must not run modules that are in the working folder.
        changed: dict[str, str | None] = {"PYTHONSAFEPATH": "1", **os.environ, **env}
        self._env = {name: value for name, value in changed.items() if value is not None}
        self._wanted, self._args, self._start_timeout = command, args, start_timeout
        self._command: list[str] | None = None
        self.name = "the sidecar"

    async def open(self, receiver: Receiver) -> StdioTransport:
        """Start the process.

        Raises:
            SidecarNotFoundError: there is no sidecar.
            SidecarPlatformError: the sidecar does not run on this machine.
            SidecarStartError: the process cannot be started.
        """
        if self._command is None:
            found = await locate(self._wanted, self._cwd, self._env, self._start_timeout)
            self._command = [*found, *self._args]
            self.name = " ".join(self._command)
        return await StdioTransport.start(self._command, self._cwd, self._env, receiver)


class StdioTransport(asyncio.SubprocessProtocol):
    """A child process: messages are frames on its stdin and stdout, its log is its stderr."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._loop = asyncio.get_running_loop()
        self._frames = FrameReader()
        self._lines = LineReader()
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        # Whether it has ended, or was asked to. From then on, its stdout is read to the end.
        self._is_ending = False
        self._is_paused = False
        self._lost_timer: asyncio.TimerHandle | None = None
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.ended: asyncio.Future[Ended] = self._loop.create_future()
        self.pid: int | None = None
        self.credit_ms: float | None = None

    @classmethod
    async def start(
        cls, command: Sequence[str], cwd: Path, env: Mapping[str, str], receiver: Receiver
    ) -> StdioTransport:
        """Start a program with pipes.

        Raises:
            SidecarStartError: the system cannot start it; the message says why.
        """
        self = cls(receiver)
        try:
            await self._loop.subprocess_exec(lambda: self, *command, cwd=cwd, env=env)
        except (OSError, ValueError) as cause:
            raise start_error(cause, command[0], cwd) from cause
        return self

    @property
    def tail(self) -> str:
        """The last lines of stderr."""
        return "\n".join(self._tail)

    def send(self, body: bytes) -> None:
        """Write a message to stdin."""
        stdin = self._pipe(0)
        if stdin is not None and not stdin.is_closing():
            cast(asyncio.WriteTransport, stdin).write(frame(body))

    def pause(self, paused: bool) -> None:
        """Stop or resume reading stdout."""
        paused = paused and not self._is_ending
        stdout = cast("asyncio.ReadTransport | None", self._pipe(1))
        if paused == self._is_paused or stdout is None or stdout.is_closing():
            return
        self._is_paused = paused
        if paused:
            stdout.pause_reading()
        else:
            stdout.resume_reading()

    def finish(self) -> None:
        """Close stdin, which ends the process, and read its remaining output."""
        self._drain()
        stdin = self._pipe(0)
        if stdin is not None:
            stdin.close()

    def kill(self) -> None:
        """Kill the process."""
        self._drain()
        with suppress(ProcessLookupError):
            self._process.kill()

    # --- called by asyncio -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the process."""
        self._process = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._process.get_pid()

    def pipe_data_received(self, fd: int, data: Any) -> None:
        """Take bytes of stdout or stderr."""
        if fd == 2:
            self._take_lines(self._lines.push(data))
            return
        try:
            for body in self._frames.push(data):
                self._receiver.on_message(body)
        except SidecarProtocolError as error:
            self._receiver.on_lost(error)

    def pause_writing(self) -> None:
        """Note that the process does not keep up with its stdin."""
        self.has_room.clear()

    def resume_writing(self) -> None:
        """Note that the process has taken most of its stdin."""
        self.has_room.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that a pipe was closed; without stdin or stdout the process cannot be used."""
        if fd == 2:
            self._take_lines(self._lines.end())
        elif not self._is_ending and self._lost_timer is None:
            self._lost_timer = self._loop.call_later(_LOST_GRACE, self._on_lost, _PIPES[fd])

    def process_exited(self) -> None:
        """Read what is left, for a limited time."""
        self._drain()  # The connection is lost only after everything has been read.
        self._loop.call_later(_CLOSE_GRACE, self._process.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process has ended, and its pipes are closed."""
        code = self._process.get_returncode()
        self._process.close()
        if code is not None and code < 0:
            self._end(Ended(None, _signal_name(-code), self.tail))
        else:
            self._end(Ended(code, None, self.tail))

    # --- private ---------------------------------------------------------------------------

    def _pipe(self, fd: int) -> asyncio.WriteTransport | asyncio.BaseTransport | None:
        return self._process.get_pipe_transport(fd)

    def _drain(self) -> None:
        self._is_ending = True
        if self._lost_timer is not None:
            self._lost_timer.cancel()
        self.pause(False)

    def _end(self, ended: Ended) -> None:
        self.has_room.set()
        if not self.ended.done():
            self.ended.set_result(ended)

    def _on_lost(self, pipe: str) -> None:
        self._receiver.on_lost(killed(self.tail, f"it had closed its {pipe} but kept running"))

    def _take_lines(self, lines: list[str]) -> None:
        for line in lines:
            self._tail.append(line)
            while len(self._tail) > 1 and sum(map(len, self._tail)) > _TAIL_CHARS:
                self._tail.popleft()
            self._receiver.on_log(line)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
