"""The doors of a replica without Ray, on a port of the loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import uvicorn
from qwen_tts_cluster import ingress
from qwen_tts_cluster.backends import (
    Audio,
    Finished,
    Load,
    ModelInfo,
    SpeechEvent,
    SpeechRequest,
    VoiceInfo,
)
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.observing import Recorded
from qwen_tts_cluster.service import Service
from qwen_tts_cluster.settings import read_settings

KEY = "a-key.of~these_tests"
RATE = 24000


@dataclass
class FakeBackend:
    """Says a second of silence for each character, in chunks of a tenth, as fast as it is read.

    Attributes:
        asked: the requests that have come.
        generated: chunks that were taken, over all speeches.
        ended: how many speeches were closed or came to their end.
        error: what the next speech raises after `error_after` chunks.
        holds: whether speeches wait for ever before their first chunk.
    """

    asked: list[SpeechRequest] = field(default_factory=list[SpeechRequest])
    generated: int = 0
    ended: int = 0
    error: SpeechError | None = None
    error_after: int = 0
    holds: bool = False

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def check(self) -> None: ...

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        self.asked.append(request)
        samples = RATE // 10
        try:
            if self.holds:
                await asyncio.Event().wait()
            for number in range(len(request.text) * 10):
                if self.error is not None and number >= self.error_after:
                    raise self.error
                self.generated += 1
                yield Audio(bytes(samples * 2), samples, RATE)
            yield Finished("stop", len(request.text) * RATE, RATE, real_time_factor=0.5)
        finally:
            self.ended += 1

    async def voices(self, model: str | None = None) -> list[VoiceInfo]:
        return [VoiceInfo("slt", "preset", ["tiny-voice"]), VoiceInfo("rms", "preset")]

    async def models(self) -> list[ModelInfo]:
        return [ModelInfo("tiny-voice", is_loaded=True)]

    async def load(self) -> Load:
        return Load(len(self.asked) - self.ended, 0)


class Door:
    """A service and a client of it.

    Attributes:
        http: a client with the key.
        service: it lives on another thread, so a test may only look at it.
        loop: the event loop of that thread.
        recorded: the metrics.
    """

    def __init__(
        self,
        service: Service,
        recorded: Recorded,
        url: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.service, self.recorded, self.url, self.loop = service, recorded, url, loop
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30.0
        )

    def ask(self, body: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """Ask for speech, and return the whole response."""
        return self.http.post("/v1/audio/speech", json={**HELLO, **(body or {})}, **more)


HELLO = {"model": "tts-1", "voice": "alloy", "input": "Hi", "response_format": "pcm"}


class _Server(uvicorn.Server):
    """A server that is ended by `should_exit`, and leaves the signals of the process alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def door(fake: FakeBackend | None = None, /, **settings: Any) -> Iterator[Door]:
    """Serve a replica inside the `with`, with the backend of its settings if `fake` is None."""
    recorded = Recorded()
    service = Service(read_settings(settings), recorded)
    if fake is not None:
        service.backend = fake
    config = uvicorn.Config(ingress.build(service), host="127.0.0.1", port=0, log_level="critical")
    server = _Server(config)
    thread = threading.Thread(target=server.run)
    started = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    config.load()
    startup = server.startup

    async def tell(*args: Any, **kwargs: Any) -> None:
        await startup(*args, **kwargs)
        loops.append(asyncio.get_running_loop())
        started.set()

    server.startup = tell
    thread.start()
    try:
        assert started.wait(60), "the door did not open"
        port = server.servers[0].sockets[0].getsockname()[1]
        opened = Door(service, recorded, f"http://127.0.0.1:{port}", loops[0])
        with opened.http:
            yield opened
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the door did not close"
