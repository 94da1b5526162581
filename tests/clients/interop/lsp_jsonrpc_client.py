"""A stream, a cancelled stream and a clean end through python-lsp-jsonrpc.

Its own cancellation, `cancel()` of the future, sends `$/cancelRequest`. Then it tries to fail the
future that Python has already cancelled, once by itself (a traceback in the log) and once when the
answer comes, where the error would end its reader.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from concurrent.futures import Future, InvalidStateError
from typing import Any

from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter

TIMEOUT = 60


class Client:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [os.environ["SIDECAR_PYTHON"], "-m", "sidecar"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.endpoint = Endpoint(
            {"$/progress": self._on_progress}, JsonRpcStreamWriter(self.process.stdin).write
        )
        self.streams: dict[str, list[Any]] = {"whole": [], "cut": []}
        self.cancelled_after = 0
        self.answered_after = 0
        self._cancellable: Future[Any] | None = None
        self._starting = threading.Lock()
        self._cut_answer: Future[Any] = Future()
        reader = JsonRpcStreamReader(self.process.stdout)
        self._reading = threading.Thread(target=reader.listen, args=[self._consume], daemon=True)
        self._reading.start()

    def request(self, method: str, params: Any = None) -> Any:
        return self.endpoint.request(method, params).result(TIMEOUT)

    def request_cut(self, method: str, params: Any) -> Any:
        """Send a request that is cancelled after its third chunk; return the whole answer."""
        with self._starting:
            self._cancellable = self.endpoint.request(method, params)
        return self._cut_answer.result(TIMEOUT)

    def wait_exit(self) -> int:
        code = self.process.wait(TIMEOUT)
        self._reading.join(TIMEOUT)
        return code

    def _on_progress(self, params: Any) -> None:
        if params["value"]["kind"] != "audio":
            return
        chunks = self.streams[params["token"]]
        chunks.append(params["value"])
        if params["token"] == "cut" and len(chunks) == 3:
            self.cancelled_after = 3
            with self._starting:
                assert self._cancellable
                self._cancellable.cancel()

    def _consume(self, message: Any) -> None:
        try:
            self.endpoint.consume(message)
        except InvalidStateError:
            self.answered_after = len(self.streams["cut"])
            self._cut_answer.set_result(message)


def samples_of(chunks: list[Any]) -> int:
    """Check the chunks of a stream; return how many samples they have."""
    assert [chunk["seq"] for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert len(base64.b64decode(chunk["audio"], validate=True)) == 2 * chunk["samples"]
    return sum(chunk["samples"] for chunk in chunks)


def main() -> None:
    client = Client()
    answer = client.request(
        "initialize",
        {
            "protocolVersion": 1,
            "clientInfo": {"name": "python-lsp-jsonrpc"},
            "processId": os.getpid(),
        },
    )
    assert answer["protocolVersion"] == 1
    client.endpoint.notify("initialized")

    result = client.request(
        "speech/synthesize",
        {
            "text": "Good evening, and welcome to the reading room.",
            "seed": 1,
            "maxFrames": 12,
            "chunk": {"maxFrames": 2},
            "partialResultToken": "whole",
        },
    )
    whole, cut = client.streams["whole"], client.streams["cut"]
    samples = samples_of(whole)
    assert samples == result["samples"]

    answer = client.request_cut(
        "speech/synthesize",
        {
            "text": "He finished reading the long letter, and put it back. " * 8,
            "seed": 2,
            "chunk": {"firstFrames": 1, "maxFrames": 1},
            "partialResultToken": "cut",
        },
    )
    assert answer["error"]["code"] == -32800

    client.request("shutdown")
    client.endpoint.notify("exit")
    exit_code = client.wait_exit()

    samples_of(cut)
    assert len(cut) == client.answered_after, "audio came after the answer"
    assert exit_code == 0
    figures = {
        "chunks": len(whole),
        "samples": samples,
        "cancelledAfter": client.cancelled_after,
        "exitCode": exit_code,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
