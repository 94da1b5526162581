"""A bridge as a process, and clients of it that see each message."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.support.command import COMMAND
from tests.support.harness import ROOT, TIMEOUT, Message, RpcError

TOKEN = "a-token.of~these_tests"
_HEADER = struct.Struct("<BBHIIIIII")


class Bridge:
    """A `qwen-tts-bridge` and its sidecar."""

    def __init__(self, *args: str, env: dict[str, str] | None = None) -> None:
        words = [sys.executable, "-P", "-m", "qwen_tts_client.bridge.main", "--port", "0"]
        command = " ".join(map(_quoted, COMMAND))
        paths = os.pathsep.join([str(ROOT / "clients" / "python"), str(ROOT)])
        self.process = subprocess.Popen(
            [*words, "--command", command, *args],
            env={**os.environ, "PYTHONPATH": paths, "QWEN_TTS_BRIDGE_TOKEN": TOKEN, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read_log, daemon=True)
        self._reading.start()
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.fullmatch(r"Listening on (ws://127\.0\.0\.1:\d+)/\n", line)
        assert found, f"{line!r}\n{self.log}"
        self.address = found[1]

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def sidecar(self) -> int:
        """Return the process id of the sidecar that runs now."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def close(self) -> int:
        self.process.terminate()
        code = self.process.wait(TIMEOUT)
        self._reading.join(TIMEOUT)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()
        return code

    def _read_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))


def _quoted(word: str) -> str:
    return f"'{word}'"


@contextmanager
def bridge(*args: str) -> Iterator[Bridge]:
    """Start a bridge, and end it; its log has no token, however it ended."""
    running = Bridge(*args)
    try:
        yield running
    finally:
        code = running.close()
    assert code == 128 + 15, running.log
    assert TOKEN not in running.log


class Client:
    """A connection, of which every message is looked at."""

    def __init__(self, address: str, **options: Any) -> None:
        self.socket = dial(address, **options)
        self._kept: list[Message] = []
        self._ids = iter(range(1000, 2**31))

    def __enter__(self) -> Self:
        self.call("initialize", {"protocolVersion": 1, "clientInfo": {"name": "tests"}})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.socket.close()

    def request(self, method: str, params: Any = None) -> int:
        id = next(self._ids)
        self.send({"id": id, "method": method, "params": params})
        return id

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params})

    def send(self, message: Message) -> None:
        self.socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    def speak(self, text: str, token: int = 1, **params: Any) -> int:
        """Ask for speech with a lot of credit; return the id."""
        speech = {"text": text, "partialResultToken": token, "creditMs": 60_000, **params}
        return self.request("speech/synthesize", speech)

    def next(self, timeout: float = TIMEOUT) -> Message:
        return decoded(self.socket.recv(timeout))

    def wait(self, id: Any) -> Any:
        """Return the result of a request; other messages are kept for `others`."""
        kept = next((m for m in self._kept if m.get("id") == id and "method" not in m), None)
        if kept is not None:
            self._kept.remove(kept)
        while True:
            message = kept or self.next()
            if message.get("id") != id or "method" in message:
                self._kept.append(message)
            elif "error" in message:
                raise RpcError(message["error"])
            else:
                return message["result"]

    def call(self, method: str, params: Any = None) -> Any:
        return self.wait(self.request(method, params))

    def others(self) -> list[Message]:
        kept, self._kept = self._kept, []
        return kept

    def audio(self, token: int = 1) -> bytes:
        """Return the audio that has come under a token."""
        chunks = [m["audio"] for m in self.others() if m.get("audio", {}).get("token") == token]
        assert [chunk["seq"] for chunk in chunks] == list(range(len(chunks)))
        return b"".join(chunk["data"] for chunk in chunks)


def dial(
    address: str,
    *,
    token: str | None = TOKEN,
    token_in: str = "header",
    protocols: list[str] | None = None,
    origin: str | None = None,
    path: str = "/",
) -> ClientConnection:
    """Open a connection as a vector says."""
    offered = ["qwen-tts.v1"] if protocols is None else protocols
    headers: dict[str, str] = {}
    if token is not None and token_in == "header":
        headers["Authorization"] = f"Bearer {token}"
    elif token is not None:
        offered = [*offered, f"qwen-tts.token.{token}"]
    return connect(
        f"{address}{path}",
        subprotocols=[Subprotocol(name) for name in offered] or None,
        additional_headers=headers,
        origin=None if origin is None else Origin(origin),
        compression=None,
        max_size=2**26,
        open_timeout=TIMEOUT,
        proxy=None,
    ).__enter__()  # since it is closed by `Client`, or by a vector


def decoded(message: str | bytes) -> Message:
    """Return a message as patterns see it; a binary one with its `data`, too."""
    if isinstance(message, str):
        return json.loads(message)
    kind, start, flags, token, seq, samples, frames, sentence, rate = _HEADER.unpack_from(message)
    assert (kind, start, flags) == (1, _HEADER.size, 0)
    audio = {
        "token": token,
        "seq": seq,
        "samples": samples,
        "frames": frames,
        "sentence": sentence,
        "sampleRate": rate,
        "bytes": len(message) - start,
    }
    return {"audio": {**audio, "data": message[start:]}}
