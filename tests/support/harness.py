"""A client of the real process, over real pipes, with bounded waits.

It shares no code with the sidecar; every message is checked against protocol/schema.json.
"""

from __future__ import annotations

import base64
import itertools
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.command import COMMAND
from tests.support.wire import ROOT, Message, check_message, frame, read_frame

# This is generous for a busy machine with two cores; a test that passes never sleeps this long.
TIMEOUT = 60.0


class RpcError(Exception):
    """An error response."""

    def __init__(self, error: Message) -> None:
        super().__init__(f"{error['code']} {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Message = error["data"]
        self.type: str = error["data"]["type"]


class ProcessEndedError(BrokenPipeError):
    """A write failed, since the process had ended. The message has its exit code and its stderr."""


@dataclass
class Speech:
    """The outcome of one streamed synthesis."""

    result: Message
    chunks: list[Message] = field(default_factory=list)
    sentences: list[Message] = field(default_factory=list)
    words: list[Message] = field(default_factory=list)

    @property
    def audio(self) -> bytes:
        return b"".join(base64.b64decode(chunk["audio"]) for chunk in self.chunks)

    @property
    def samples(self) -> np.ndarray:
        return np.frombuffer(self.audio, "<f4")


class Sidecar:
    """A client that starts `python -m sidecar` (or `command`) and talks to it.

    Attributes:
        methods: the method of each request by its id, which tells how its answer is checked.
    """

    def __init__(
        self,
        *args: str,
        command: list[str] | None = None,
        env: dict[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        self.process = subprocess.Popen(
            [*(command or COMMAND), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
        self.stderr = bytearray()
        self.messages: queue.Queue[Message | BaseException | None] = queue.Queue()
        self._ids = itertools.count(1)
        self.methods: dict[Any, str] = {}
        self._kept: list[Message] = []
        self.initialized: Message = {}
        self._together: list[bytes] | None = None
        self._reads = threading.Event()
        self._reads.set()
        self._readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_stdout, self._read_stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read_stdout(self) -> None:
        assert self.process.stdout
        try:
            while (message := read_frame(self.process.stdout)) is not None:
                self.messages.put(message)
                self._reads.wait()
            self.messages.put(None)
        except BaseException as error:
            self.messages.put(error)

    def _read_stderr(self) -> None:
        assert self.process.stderr
        with suppress(ValueError, OSError):  # closed by `kill`, which came first
            while data := os.read(self.process.stderr.fileno(), 65536):
                self.stderr += data

    # --- sending ---------------------------------------------------------------------------

    def send_raw(self, data: bytes) -> None:
        if self._together is not None:
            self._together.append(data)
            return
        assert self.process.stdin
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ProcessEndedError(self._account_of_the_end()) from None

    def _account_of_the_end(self) -> str:
        """Return what a process whose stdin cannot be written to has left behind."""
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            return f"the process has closed its stdin, and still runs\n{self.log[-4000:]}"
        self._readers[1].join(10)  # stderr's; a child of the process may hold it open
        return (
            f"the process had ended with exit code {code} before this was sent; "
            f"an earlier test may have ended it\n{self.log[-4000:]}"
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send everything inside the `with` in one write, however slow the test is."""
        pieces = self._together = []
        try:
            yield
        finally:
            self._together = None
        self.send_raw(b"".join(pieces))

    def send(self, message: Any) -> None:
        self.send_raw(frame({"jsonrpc": "2.0", **message}))

    def request(self, method: str, params: Any = None, id: Any = None) -> Any:
        """Send a request; return its id."""
        id = next(self._ids) if id is None else id
        self.methods[id] = method
        self.send({"id": id, "method": method, "params": params})
        return id

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params})

    # --- receiving -------------------------------------------------------------------------

    def stall(self) -> None:
        """Stop reading at the end of the next message."""
        self._reads.clear()

    def resume(self) -> None:
        self._reads.set()

    def next_message(self, timeout: float = TIMEOUT) -> Message | None:
        """Return the next message in order, or None when stdout has ended cleanly."""
        try:
            message = self.messages.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no message in {timeout} s\n{self.log}") from None
        if isinstance(message, BaseException):
            raise message
        if message is not None:
            check_message(message, self.methods)
        return message

    def wait(self, id: Any, timeout: float = TIMEOUT) -> Any:
        """Return the result of a request; messages that arrive before it are kept for `others`."""
        for kept in self._kept:
            if kept.get("id") == id and "method" not in kept:
                self._kept.remove(kept)
                return self._result(kept)
        while (message := self.next_message(timeout)) is not None:
            if message.get("id") == id and "method" not in message:
                return self._result(message)
            self._kept.append(message)
        raise AssertionError(f"stdout ended before the answer to {id!r}\n{self.log}")

    def others(self) -> list[Message]:
        """Return and forget the messages that `wait` passed over, oldest first."""
        kept, self._kept = self._kept, []
        return kept

    @staticmethod
    def _result(message: Message) -> Any:
        if "error" in message:
            raise RpcError(message["error"])
        return message["result"]

    def call(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result; raise RpcError for an error."""
        return self.wait(self.request(method, params))

    # --- the usual conversations -----------------------------------------------------------

    def initialize(self) -> Message:
        self.initialized = self.call(
            "initialize",
            {"protocolVersion": 1, "clientInfo": {"name": "tests"}, "processId": os.getpid()},
        )
        return self.initialized

    def speak(self, text: str, *, token: str | int = "speech", **params: Any) -> Speech:
        """Return a whole streamed synthesis, after a check of its seq and counts."""
        id = self.request(
            "speech/synthesize", {"text": text, "partialResultToken": token, **params}
        )
        return self.heard(id, token)

    def dictate(self, pieces: list[str], *, token: str | int = "speech", **params: Any) -> Speech:
        """Return the same for a text that is sent in pieces."""
        first, *rest = pieces
        stream = {"text": first, "moreText": True, "partialResultToken": token}
        id = self.request("speech/synthesize", {**stream, **params})
        for piece in rest:
            self.notify("speech/appendText", {"token": token, "text": piece})
        self.notify("speech/endText", {"token": token})
        return self.heard(id, token)

    def heard(self, id: Any, token: str | int, timeout: float = TIMEOUT) -> Speech:
        """Wait for the end of a streamed synthesis, for at most `timeout` between two messages."""
        result = self.wait(id, timeout)
        values = [
            m["params"]["value"]
            for m in self.others()
            if m.get("method") == "$/progress" and m["params"]["token"] == token
        ]
        speech = Speech(
            result,
            [value for value in values if value["kind"] == "audio"],
            [value for value in values if value["kind"] == "sentence"],
            [value for value in values if value["kind"] == "words"],
        )
        assert [one["index"] for one in speech.sentences] == list(range(result["sentences"]))
        assert [chunk["seq"] for chunk in speech.chunks] == list(range(len(speech.chunks)))
        assert sum(chunk["samples"] for chunk in speech.chunks) == result["samples"]
        assert sum(chunk["frames"] for chunk in speech.chunks) == result["frames"]
        return speech

    def next_progress(self, token: str | int = "speech", kind: str | None = None) -> Message:
        """Return a stream's next value of this kind; by default any but a mark of a sentence."""
        while (message := self.next_message()) is not None:
            if message.get("method") == "$/progress" and message["params"]["token"] == token:
                value = message["params"]["value"]
                if value["kind"] == kind or (kind is None and value["kind"] != "sentence"):
                    return value
            self._kept.append(message)
        raise AssertionError(f"stdout ended before the progress\n{self.log}")

    # --- the end ---------------------------------------------------------------------------

    @property
    def log(self) -> str:
        return f"--- stderr ---\n{self.stderr.decode(errors='replace')}"

    def close_stdin(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def wait_exit(self, timeout: float = 10.0) -> tuple[int, float]:
        """Return the exit code and how many seconds it took."""
        start = time.monotonic()
        code = self.process.wait(timeout)
        return code, time.monotonic() - start

    def whole_log(self) -> str:
        """Return the whole stderr, after the end of the process."""
        for reader in self._readers:
            reader.join(TIMEOUT)
            assert not reader.is_alive(), "another process holds the pipes open"
        return self.stderr.decode(errors="replace")

    def rest(self) -> list[Message]:
        """Return all remaining messages; the end must be clean."""
        messages = self.others()
        while (message := self.next_message()) is not None:
            messages.append(message)
        return messages

    def shutdown(self) -> int:
        """End the process in order; return the exit code."""
        self.call("shutdown")
        self.notify("exit")
        return self.wait_exit()[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream
            with suppress(OSError):  # a write that a dead process never took
                stream.close()


@contextmanager
def sidecar(*args: str, initialize: bool = True, **options: Any) -> Iterator[Sidecar]:
    """Start a separate process for one test; kill it at the end if it still runs."""
    process = Sidecar(*args, **options)
    try:
        if initialize:
            process.initialize()
        yield process
    finally:
        process.kill()
