"""The client for programs without an event loop: one in a thread of its own does the work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from qwen_tts_client import protocol
from qwen_tts_client.calls import Models, Voices
from qwen_tts_client.errors import SidecarClosedError
from qwen_tts_client.protocol import WordsProgress
from qwen_tts_client.speech import SpeechChunk
from qwen_tts_client.stream import SpeechStream
from qwen_tts_client.text_feed import Sentence

if TYPE_CHECKING:
    from qwen_tts_client.client import Client

P = ParamSpec("P")
T = TypeVar("T")


class LoopThread:
    """An event loop in a thread, which ends with the program."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="qwen-tts-client", daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of a coroutine; an interrupt of the wait cancels it.

        Raises:
            SidecarClosedError: the event loop has ended.
        """
        if self._loop.is_closed():
            work.close()
            raise SidecarClosedError
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def waiting(self, function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
        """Return the function without the need to await it."""
        return lambda *args, **kwargs: self.wait(function(*args, **kwargs))

    def calling(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return the function as one that is called in the event loop."""

        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return function(*args, **kwargs)

        return self.waiting(call)

    def streaming(self, function: Callable[P, SpeechStream]) -> Callable[P, SyncStream]:
        """Return the function with a stream that needs no event loop."""

        start = self.calling(function)
        return lambda *args, **kwargs: SyncStream(self, start(*args, **kwargs))

    def stop(self) -> None:
        """End the event loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class SyncStream:
    """A `SpeechStream` whose methods wait."""

    def __init__(self, thread: LoopThread, stream: SpeechStream) -> None:
        self._stream = stream
        self._thread = thread
        self.final = thread.waiting(stream.final)
        self.cancel = thread.waiting(stream.cancel)
        self.read = thread.waiting(stream.read)
        self.to_wav = thread.waiting(stream.to_wav)
        self.flush = thread.calling(stream.flush)
        self.pause = thread.calling(stream.pause)
        self.resume = thread.calling(stream.resume)

    def __iter__(self) -> Iterator[SpeechChunk]:
        """Iterate over the audio, chunk by chunk. Leaving the loop cancels the speech."""
        chunks = aiter(self._stream)

        async def step() -> SpeechChunk | None:
            return await anext(chunks, None)

        try:
            while (chunk := self._thread.wait(step())) is not None:
                yield chunk
        finally:
            with suppress(SidecarClosedError):
                self.cancel()

    def __enter__(self) -> SyncStream:
        """Return the stream."""
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel the speech if it has not ended."""
        with suppress(SidecarClosedError):
            self.cancel()

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences whose start in the audio is known: at the end, all of them."""
        return self._stream.sentences

    @property
    def words(self) -> list[WordsProgress]:
        """The words of the sentences that have been spoken, with `timing="word"`; else empty."""
        return self._stream.words


class SyncModels:
    """`Models` whose methods wait."""

    def __init__(self, thread: LoopThread, models: Models) -> None:
        self.list = thread.waiting(models.list)
        self.listing = thread.waiting(models.listing)
        self.load = thread.waiting(models.load)
        self.unload = thread.waiting(models.unload)
        self.delete = thread.waiting(models.delete)


class SyncVoices:
    """`Voices` whose methods wait."""

    def __init__(self, thread: LoopThread, voices: Voices) -> None:
        self.list = thread.waiting(voices.list)
        self.listing = thread.waiting(voices.listing)
        self.create = thread.waiting(voices.create)
        self.delete = thread.waiting(voices.delete)


class SyncSidecar:
    """A client whose methods wait; `with Sidecar() as tts:` gives one.

    Functions that are called with events and progress run in the event loop's thread.
    """

    def __init__(self, sidecar: Client) -> None:
        self._sidecar = sidecar
        self._thread = thread = LoopThread()
        self.models = SyncModels(thread, sidecar.models)
        self.voices = SyncVoices(thread, sidecar.voices)
        self.synthesize = thread.streaming(sidecar.synthesize)
        self.synthesize_text = thread.streaming(sidecar.synthesize_text)
        self.ensure_model = thread.waiting(sidecar.ensure_model)
        self.status = thread.waiting(sidecar.status)
        self.ping = thread.waiting(sidecar.ping)
        try:
            thread.wait(sidecar.start())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the sidecar's process, and wait until it has ended."""
        with suppress(SidecarClosedError):  # It was closed before.
            self._thread.wait(self._sidecar.close())
            self._thread.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the sidecar that runs now; None if none does."""
        return self._sidecar.pid

    @property
    def server_info(self) -> protocol.ServerInfo:
        """The sidecar's name and version."""
        return self._sidecar.server_info

    @property
    def capabilities(self) -> protocol.Capabilities:
        """Methods, encodings and limits of this sidecar."""
        return self._sidecar.capabilities
