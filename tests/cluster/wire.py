"""A client that sees each message, and checks that the protocol is kept: each request has one
answer, each stream has its chunks in order, and nothing comes after the answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from qwen_tts_client.audio_message import decode_audio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.cluster.running import KEY

Message = dict[str, Any]


@dataclass
class Stream:
    """One speech.

    Attributes:
        answers: its result or its error; a lost connection is an error with the type `lost`.
    """

    id: int
    audio: bytearray = field(default_factory=bytearray)
    chunks: int = 0
    rate: int = 24000
    answers: list[Message] = field(default_factory=list[Message])
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def audible(self) -> None:
        """Wait for its first chunk, or for its end."""
        while not self.chunks and not self.ended.is_set():
            self.changed.clear()
            await self.changed.wait()

    @property
    def error(self) -> str | None:
        """The type of its error; None if it has a result."""
        (answer,) = self.answers
        return answer["error"]["data"]["type"] if "error" in answer else None


class Wire:
    """One WebSocket, inside an `async with`. Ids and tokens count from 1: those of all clients are
    the same."""

    def __init__(self, address: str, path: str = "/", session: str | None = None) -> None:
        self._url = f"ws://{address}{path}"
        self._headers = {"Authorization": f"Bearer {KEY}"}
        if session is not None:
            self._headers["x-session-id"] = session
        self._last = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._streams: dict[int, Stream] = {}
        self.close_code: int | None = None
        self.strays: list[Any] = []

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await connect(
            self._url,
            additional_headers=self._headers,
            subprotocols=[Subprotocol("qwen-tts.v1")],
            compression=None,
            open_timeout=60,
            proxy=None,
        )
        self.reading = asyncio.create_task(self._read())
        await self.call("initialize", protocolVersion=1, clientInfo={"name": "a test"})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self.reading

    async def call(self, method: str, **params: Any) -> Message:
        """Return the result of a request."""
        message = await self._ask(method, params)
        assert "result" in message, message
        return message["result"]

    async def refused(self, method: str, **params: Any) -> Message:
        """Return the error of a request."""
        message = await self._ask(method, params)
        assert "error" in message, message
        return message["error"]

    async def _ask(self, method: str, params: Message) -> Message:
        self._last += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = answer
        await self._send(method, params, id=self._last)
        return await answer

    async def started_at(self) -> float:
        """Return when the sidecar was started, by the clock of this process: it says which one it
        is, give or take the time of an answer."""
        status = await self.call("server/status")
        return time.monotonic() - status["uptimeMs"] / 1000

    async def speak(self, text: str, *, credit: float = 5000, **params: Any) -> Stream:
        """Begin a speech."""
        self._last += 1
        stream = self._streams[self._last] = Stream(self._last)
        more = {"text": text, "partialResultToken": stream.id, "creditMs": credit, **params}
        await self._send("speech/synthesize", more, id=stream.id)
        return stream

    async def grant(self, stream: Stream, ms: float) -> None:
        """Grant a stream more audio; nothing if the connection has ended."""
        try:
            await self._send("speech/grantCredit", {"token": stream.id, "ms": ms})
        except ConnectionClosed:
            return

    async def cancel(self, stream: Stream) -> None:
        """Cancel a speech."""
        await self._send("$/cancelRequest", {"id": stream.id})

    async def read(self, stream: Stream, *, pause: Callable[[], float] | None = None) -> Stream:
        """Grant what has come until the stream ends, with pauses in seconds after each chunk."""
        granted = 0
        while not stream.ended.is_set():
            stream.changed.clear()
            new = len(stream.audio) // 2 - granted
            if new:
                granted += new
                await self.grant(stream, 1000 * new / stream.rate)
            await stream.changed.wait()
            if pause is not None:
                await asyncio.sleep(pause())
        return stream

    async def _send(self, method: str, params: Message, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        await self.socket.send(json.dumps(message))

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if isinstance(message, bytes):
                    self._on_audio(message)
                else:
                    self._on_text(json.loads(message))
        except ConnectionClosed:
            pass
        self.close_code = self.socket.close_code
        error = {"data": {"type": "lost"}, "message": f"closed with {self.close_code}"}
        for answer in self._waiting.values():
            answer.set_result({"error": error})
        for stream in list(self._streams.values()):
            self._end(stream, {"error": error})

    def _on_audio(self, message: bytes) -> None:
        audio = decode_audio(message)
        assert audio is not None
        token, chunk = audio
        stream = self._streams.get(token)
        if stream is None or chunk.seq != stream.chunks:
            self.strays.append((token, chunk.seq))
            return
        stream.chunks += 1
        stream.audio += chunk.audio
        stream.rate = chunk.sample_rate or stream.rate
        stream.changed.set()

    def _on_text(self, message: Message) -> None:
        if message.get("method") == "$/progress":
            if message["params"]["token"] not in self._streams:
                self.strays.append(message)
        elif (stream := self._streams.get(message["id"])) is not None:
            self._end(stream, message)
        elif (answer := self._waiting.pop(message["id"], None)) is not None:
            answer.set_result(message)
        else:
            self.strays.append(message)

    def _end(self, stream: Stream, answer: Message) -> None:
        del self._streams[stream.id]
        stream.answers.append(answer)
        stream.ended.set()
        stream.changed.set()
