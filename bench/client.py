"""A JSON-RPC client of the real process, over pipes, that counts bytes and cannot hang."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.child import ROOT

Message = dict[str, Any]


class Client:
    """Runs `python -m sidecar` for `seconds` at most; a context manager that ends it.

    Args:
        python: the interpreter of an installation.
        folder: the working folder, whose `sidecar` comes before the installed one.
    """

    def __init__(
        self,
        model: str,
        seconds: float,
        *arguments: str,
        python: str = sys.executable,
        folder: Path = ROOT,
    ) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self.process = subprocess.Popen(
            [python, "-m", "sidecar", "--model", model, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=folder,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self._watchdog = threading.Timer(seconds, self.process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()
        self._next_id = 0
        self._writing = threading.Lock()
        self.bytes_sent = 0
        self.bytes_received = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self._stdin, self._stdout, self._stderr):
            stream.close()

    def initialize(self) -> None:
        hello = {"protocolVersion": 1, "clientInfo": {"name": "bench"}}
        self.call("initialize", hello)

    def speak(self, on_audio: Callable[[bytes], object] = len, **parameters: Any) -> Message:
        """Run a streamed synthesis, with each chunk's PCM for `on_audio`; return the result."""

        def progress(message: Message) -> None:
            value = message["params"]["value"]
            if value["kind"] == "audio":
                on_audio(base64.b64decode(value["audio"]))

        parameters["partialResultToken"] = self._next_id
        return self.call("speech/synthesize", parameters, progress)

    def notify(self, method: str, parameters: Message) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def call(
        self,
        method: str,
        parameters: Message,
        on_progress: Callable[[Message], None] | None = None,
        on_sent: Callable[[], object] | None = None,
    ) -> Message:
        """Send a request and read until its answer.

        Args:
            on_sent: called once; from then on messages about the request may be sent.

        Raises:
            RuntimeError: it was refused, or the process ended (or was killed by the clock).
        """
        self._next_id += 1
        request = {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": parameters}
        self.send(request)
        if on_sent:
            on_sent()
        while "method" in (message := self.read()):
            if on_progress:
                on_progress(message)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        return message["result"]

    def send(self, message: Message) -> None:
        """Send a message, and wait for nothing."""
        body = json.dumps(message).encode()
        frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        with self._writing:
            self._stdin.write(frame)
            self._stdin.flush()
        self.bytes_sent += len(frame)

    def read(self) -> Message:
        """Wait for the next message.

        Raises:
            RuntimeError: the process ended (or was killed by the clock).
        """
        header = self._stdout.readline()
        if not header:
            self._stderr.seek(0)
            raise RuntimeError(f"the sidecar ended: {self._stderr.read().decode()[-2000:]}")
        length = int(header.removeprefix(b"Content-Length: "))
        self._stdout.readline()
        self.bytes_received += len(header) + 2 + length
        return json.loads(self._stdout.read(length))

    def cpu_seconds(self) -> float:
        """User and system time of the sidecar so far, in hundredths of a second."""
        pid = self.process.pid
        if sys.platform == "linux":
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        shown = subprocess.run(
            ["ps", "-o", "time=", "-p", str(pid)], capture_output=True, timeout=10, check=True
        )
        return parse_ps_time(shown.stdout.decode())


def parse_ps_time(text: str) -> float:
    """`1-02:03:04.56` or `3:04.56` in seconds."""
    days, _, rest = text.strip().rpartition("-")
    seconds = 0.0
    for part in re.split(":", rest):
        seconds = seconds * 60 + float(part)
    return seconds + 86400 * int(days or 0)
