"""A stream, a cancelled stream and a clean end through pygls."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

from lsprotocol.types import (
    CANCEL_REQUEST,
    EXIT,
    INITIALIZE,
    INITIALIZED,
    PROGRESS,
    SHUTDOWN,
    CancelParams,
)
from pygls.client import JsonRPCClient
from pygls.exceptions import JsonRpcException

TIMEOUT = 60


class Client(JsonRPCClient):
    """A client that keeps the audio it receives, and the faults that pygls only logs."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = []
        self.exit_code: int | None = None
        self.streams: dict[str, list[Any]] = {"whole": [], "cut": []}
        self.cancelled_after = 0
        self.answered_after = 0

        @self.feature(PROGRESS)
        def _(params: Any) -> None:
            self._receive_progress(params)

    def _receive_progress(self, params: Any) -> None:
        """Keep a chunk of audio; cancel the request "cut" at its third chunk."""
        if params.value.kind != "audio":
            return
        chunks = self.streams[params.token]
        chunks.append(params.value)
        if params.token == "cut" and len(chunks) == 3:
            self.cancelled_after = 3
            self.protocol.notify(CANCEL_REQUEST, CancelParams(id="cut"))

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        self.exit_code = server.returncode

    def report_server_error(self, error: Exception, source: Any) -> None:
        self.faults.append(error)

    async def request(self, method: str, params: Any = None) -> Any:
        return await asyncio.wait_for(self.protocol.send_request_async(method, params), TIMEOUT)


def samples_of(chunks: list[Any]) -> int:
    """Check the chunks of a stream; return how many samples they have."""
    assert [chunk.seq for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert len(base64.b64decode(chunk.audio, validate=True)) == 2 * chunk.samples
    return sum(chunk.samples for chunk in chunks)


async def start(client: Client) -> None:
    await client.start_io(os.environ["SIDECAR_PYTHON"], "-m", "sidecar")
    answer = await client.request(
        INITIALIZE,
        {"protocolVersion": 1, "clientInfo": {"name": "pygls"}, "processId": os.getpid()},
    )
    assert answer.protocolVersion == 1
    client.protocol.notify(INITIALIZED)


async def receive_a_whole_stream(client: Client) -> int:
    """Synthesize a short text; return how many samples it has."""
    result = await client.request(
        "speech/synthesize",
        {
            "text": "Good evening, and welcome to the reading room.",
            "seed": 1,
            "maxFrames": 12,
            "chunk": {"maxFrames": 2},
            "partialResultToken": "whole",
        },
    )
    samples = samples_of(client.streams["whole"])
    assert samples == result.samples
    return samples


async def cancel_a_stream(client: Client) -> None:
    """Synthesize a long text, which the client cancels; the answer must be the error -32800."""
    params = {
        "text": "He finished reading the long letter, and put it back. " * 8,
        "seed": 2,
        "chunk": {"firstFrames": 1, "maxFrames": 1},
        "partialResultToken": "cut",
    }

    def on_answer(_: Any) -> None:
        client.answered_after = len(client.streams["cut"])

    future = client.protocol.send_request("speech/synthesize", params, msg_id="cut")
    future.add_done_callback(on_answer)  # called before the next message is read
    answers = asyncio.gather(asyncio.wrap_future(future), return_exceptions=True)
    [error] = await asyncio.wait_for(answers, TIMEOUT)
    assert isinstance(error, JsonRpcException), error
    assert error.code == -32800, error


async def stop(client: Client) -> None:
    """End the process in order; check that no audio followed the answer of the cut stream."""
    await client.request(SHUTDOWN)
    client.protocol.notify(EXIT)
    await asyncio.wait_for(client.stop(), TIMEOUT)
    samples_of(client.streams["cut"])
    assert len(client.streams["cut"]) == client.answered_after, "audio came after the answer"
    assert client.faults == []
    assert client.exit_code == 0


async def main() -> None:
    client = Client()
    await start(client)
    samples = await receive_a_whole_stream(client)
    await cancel_a_stream(client)
    await stop(client)
    figures = {
        "chunks": len(client.streams["whole"]),
        "samples": samples,
        "cancelledAfter": client.cancelled_after,
        "exitCode": client.exit_code,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
