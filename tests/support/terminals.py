"""A program at a terminal: a pseudo-terminal on its stdin and stderr, as a person has."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import time
from types import TracebackType

from tests.support.command import COMMAND

TIMEOUT = 120.0


class Terminal:
    """The sidecar's command line, at a terminal.

    Attributes:
        seen: the output on the terminal, with the escapes of colours and of the progress.
    """

    def __init__(
        self, *args: str, env: dict[str, str] | None = None, cwd: str | None = None
    ) -> None:
        self.seen = ""
        self._fd, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (24, 80))
        self.process = subprocess.Popen(
            [*COMMAND, *args],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm", **(env or {})},
            cwd=cwd,
            # A shell that runs the tests in the background ignores it, and a child inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(terminal)

    def wait_for(self, text: str) -> None:
        """Read until this has been shown."""
        deadline = time.monotonic() + TIMEOUT
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            assert self._read(), self.seen

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._fd, text.encode())

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        return self.process.wait(TIMEOUT)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._fd], [], [], TIMEOUT)
        assert ready, self.seen
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # on Linux, the end
            data = b""
        self.seen += data.decode(errors="replace")
        return bool(data)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._fd)
