"""The real process, with a thread that reads all its messages into a `Ledger`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from tests.robustness.expectation import expected
from tests.robustness.ledger import Ledger, Message, Violation
from tests.support.command import COMMAND
from tests.support.harness import frame, read_frame
from tests.support.wire import ROOT

_EXIT_SECONDS = 30.0
HELLO = {"protocolVersion": 1, "clientInfo": {"name": "bench"}}


class Peer:
    """A context manager that runs `python -m sidecar` offline, and ends it.

    Args:
        ledger: receives every message, and the error if the process ends by itself.
        seen: is called with each message, on the reading thread, before the ledger.
    """

    def __init__(self, ledger: Ledger, seen: Callable[[Message], object] = len) -> None:
        self.ledger = ledger
        self._seen = seen
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        # A fuzzer would delete its user's voices and models.
        self._voices = tempfile.TemporaryDirectory()
        self._models = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [*COMMAND, "--voices-dir", self._voices.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=ROOT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": self._models.name},
            bufsize=0,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._stdin = self.process.stdin
        self._stdout = open(self.process.stdout.fileno(), "rb", 1 << 20, closefd=False)  # noqa: SIM115
        self._ending = False
        self._writing = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self.process.kill()
        self.process.wait()
        self._reader.join(_EXIT_SECONDS)
        for stream in (self._stdin, self._stdout, self.process.stdout, self._stderr):
            assert stream
            stream.close()
        self._voices.cleanup()
        self._models.cleanup()

    def _read(self) -> None:
        try:
            while (message := read_frame(self._stdout)) is not None:
                self._seen(message)
                self.ledger.receive(message)
            if not self._ending:
                raise Violation(f"the process has ended\n{self.log()}")
        except Exception as error:
            self.ledger.broke(error)

    def write(self, data: bytes) -> None:
        """Write all data; if the process is gone, the reading thread reports it."""
        view = memoryview(data)
        try:
            with self._writing:
                while view:
                    view = view[os.write(self._stdin.fileno(), view) :]
        except BrokenPipeError:
            self._reader.join(_EXIT_SECONDS)

    def send(self, number: int, message: Message) -> None:
        """Record a message in the ledger, and send it in a frame."""
        data = json.dumps(message).encode()
        self.ledger.send(number, data, expected(data))
        self.write(frame(data))

    def request(self, number: int, id: Any, method: str, params: Any = None) -> None:
        self.send(number, {"jsonrpc": "2.0", "id": id, "method": method, "params": params})

    def initialize(self) -> None:
        self.request(-1, "hello", "initialize", HELLO)
        self.ledger.wait_owed(0, _EXIT_SECONDS)

    def ending(self) -> None:
        """Allow the process to end from now on."""
        self._ending = True

    def finish(self, *, close: bool = True) -> int:
        """Close stdin; return the exit code once all output of the process has been read.

        Raises:
            Violation: the process did not end.
        """
        self.ending()
        if close:
            self._stdin.close()
        self._reader.join(_EXIT_SECONDS)
        try:
            return self.process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise Violation("the process does not end") from None

    def log(self) -> str:
        """Return the end of its stderr."""
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, self._stderr.tell() - 3000))
        return self._stderr.read().decode(errors="replace")

    def resident(self) -> int:
        """Return the resident memory of the process in bytes."""
        return resident_bytes(self.process.pid)


def resident_bytes(pid: int) -> int:
    if sys.platform == "linux":
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, timeout=10, check=True
    )
    return int(shown.stdout) * 1024
