"""JavaScript that runs elsewhere: in Chromium's driver, or in VS Code's extension host."""

from __future__ import annotations

import itertools
import json
import socket
from pathlib import Path
from typing import Any

from tests.support.processes import TIMEOUT, eventually


class RemoteError(AssertionError):
    """The code threw, or its process has ended."""


class Remote:
    """A connection to a server of `rpc.cjs`."""

    def __init__(self, path: Path) -> None:
        self._ids = itertools.count()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        eventually(f"something listens on {path}", lambda: self._connects(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def _connects(self, path: Path) -> bool:
        try:
            self._socket.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def send(self, code: str, argument: Any = None) -> None:
        """Run the body of an async function, and do not wait for its end."""
        request = {"id": next(self._ids), "code": code, "argument": argument}
        self._socket.sendall(json.dumps(request).encode() + b"\n")

    def run(self, code: str, argument: Any = None) -> Any:
        """Run the body of an async function, which can use `argument`; return its result."""
        self.send(code, argument)
        try:
            line = self._lines.readline()
        except TimeoutError:
            raise RemoteError(f"no answer within {TIMEOUT:.0f} s: {code}") from None
        if not line:
            raise RemoteError(f"the process has ended: {code}")
        answer = json.loads(line)
        if "error" in answer:
            raise RemoteError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
