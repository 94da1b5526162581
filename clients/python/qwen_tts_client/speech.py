"""One `speech/synthesize` request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from qwen_tts_client import protocol
from qwen_tts_client.connection import Call, Connection
from qwen_tts_client.credit import Credit
from qwen_tts_client.errors import SidecarResponseError
from qwen_tts_client.flow import Channel, FlowGate
from qwen_tts_client.heard import Heard, find_heard
from qwen_tts_client.outgoing import to_wire
from qwen_tts_client.protocol import (
    AudioProgress,
    SentenceProgress,
    SynthesizeResult,
    WordsProgress,
)
from qwen_tts_client.text_feed import Sentence, SpokenText, TextFeed, TextSource


@dataclass(frozen=True)
class SpeechChunk:
    """A piece of audio."""

    audio: bytes
    """The next bytes of the audio. With a `pcm_…` encoding they are whole samples; with another one
    they are a piece of one file."""

    seq: int
    """Index of the chunk: 0, 1, 2, … without gaps."""

    samples: int
    """Number of samples in this chunk, including pauses."""

    frames: int
    """Number of codec frames generated for this chunk, 80 milliseconds each; 0 in a pause."""

    offset: int
    """Number of samples in all chunks before this one."""

    sentence: int
    """Index of the sentence that the chunk belongs to."""


class SpeechHost(Protocol):
    """What a speech needs from its client."""

    @property
    def gate(self) -> FlowGate:
        """The bound of the audio that waits, over all speeches."""
        ...

    async def connection(self) -> Connection:
        """Return the current conversation, or the next one."""
        ...


class Speech:
    """One request, and what has arrived for it. With a `source`, its text comes from there.

    Attributes:
        result: the outcome; its error is also raised by `next`, after the audio so far.
        sentences: those whose start is known, in order.
        words: those of the sentences that have been spoken, in order, if they were asked for.
    """

    def __init__(
        self,
        host: SpeechHost,
        params: Mapping[str, Any],
        source: TextSource | None,
        on_sentence: Callable[[Sentence], None],
        on_words: Callable[[WordsProgress], None] = lambda words: None,
    ) -> None:
        self._host = host
        self._params = to_wire(params)
        self._text = SpokenText(params.get("input_format") == "ssml")
        self._text.add(str(params.get("text", "")))
        self._feed = None if source is None else TextFeed(source, self._text)
        self._on_sentence = on_sentence
        self._on_words = on_words
        self._chunks: Channel[SpeechChunk] = Channel()
        self._call: Call[SynthesizeResult] | None = None
        self._connection: Connection | None = None
        self._credit: Credit | None = None
        self._writing: asyncio.Task[None] | None = None
        self._offset = 0
        self._is_paused = False
        self._rate = 0
        self._ends_ms: dict[int, float] = {}
        self._told: protocol.HeardSpeech | None = None  # by the sidecar
        self.sentences: list[Sentence] = []
        self.words: list[WordsProgress] = []
        self.result: asyncio.Future[SynthesizeResult] = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run())

    @property
    def sample_rate(self) -> int | None:
        """Sample rate of the audio in Hz; None before the first chunk."""
        return self._rate or None

    async def next(self) -> SpeechChunk | None:
        """Wait for the next chunk; return None at the end."""
        with self._host.gate.waiting():
            chunk = await self._chunks.next()
        if chunk is None:
            return None
        self._host.gate.buffer(-len(chunk.audio))
        if self._credit is not None and not self.result.done():
            self._credit.read(chunk.samples)
        return chunk

    def flush(self) -> None:
        """Have the sidecar speak the text that it has."""
        self._steer("speech/flush")

    def pause(self, is_paused: bool) -> None:
        """Have the sidecar generate no more for now, or go on."""
        self._is_paused = is_paused
        self._steer("speech/pause" if is_paused else "speech/resume")

    def stop(self, error: BaseException, played_ms: float | None = None) -> None:
        """End `next` and `result` with an error at once, and discard the unread audio."""
        if not self.result.done():
            self._end(error)
            if self._call is not None:
                self._call.cancel(played_ms)
        for chunk in self._chunks.clear():
            self._host.gate.buffer(-len(chunk.audio))

    async def ended(self) -> None:
        """Wait until the sidecar has answered, and the source of text is released."""
        await asyncio.wait({self._running} | ({self._writing} if self._writing else set()))

    def find_heard(self, played_ms: float | None) -> Heard | None:
        """Return what was heard; None if that is not known, or nothing was sent."""
        if self._told is not None:
            text = self._text.whole[: self._told.text_end]
            return Heard(text, self._told.samples, self._told.sentence)
        if not self.result.done() or self.result.exception() or not self._rate:
            return None
        played = self._offset
        if played_ms is not None:
            played = min(played, round(played_ms * self._rate / 1000))
        return find_heard(self._text.whole, self.sentences, self._ends_ms, played, self._rate)

    def _steer(self, method: str) -> None:
        """Send a notification about the stream; before the request there is nothing to steer."""
        if self._call is not None and self._connection and not self.result.done():
            self._connection.notify(method, {"token": self._call.token})

    async def _run(self) -> None:
        try:
            connection = self._connection = await self._host.connection()
            if self.result.done():
                return
            call = self._call = self._send(connection)
            if self._is_paused:
                self._steer("speech/pause")
            if self._feed is not None:
                self._writing = asyncio.create_task(self._write(self._feed, connection, call))
            result = await call.answer
            if not self.result.done():
                self._chunks.end()
                self.result.set_result(result)
        except Exception as error:
            if isinstance(error, SidecarResponseError):
                self._told = error.data.heard
            self._end(error)
        finally:
            if self._writing is not None:
                self._writing.cancel()

    def _send(self, connection: Connection) -> Call[SynthesizeResult]:
        params = {**self._params, "moreText": True} if self._feed else self._params
        if connection.credit_ms is not None and params.get("creditMs") is None:
            params = {**params, "creditMs": connection.credit_ms}
        call = connection.request("speech/synthesize", params, SynthesizeResult, self._on_progress)
        window = params.get("creditMs")
        if isinstance(window, (int, float)):
            self._credit = Credit(window, lambda ms: self._grant(connection, call.token, ms))
        return call

    def _grant(self, connection: Connection, token: int, ms: float) -> None:
        connection.notify("speech/grantCredit", {"token": token, "ms": ms})

    async def _write(
        self, feed: TextFeed, connection: Connection, call: Call[SynthesizeResult]
    ) -> None:
        def append(text: str) -> None:
            connection.notify("speech/appendText", {"token": call.token, "text": text})

        try:
            await feed.run(append)
            connection.notify("speech/endText", {"token": call.token})
        except Exception as error:
            if not self.result.done():
                self._end(error)
                call.cancel(None)

    def _on_progress(self, value: AudioProgress | SentenceProgress | WordsProgress) -> None:
        if self.result.done():
            return
        if isinstance(value, WordsProgress):
            self.words.append(value)
            self._on_words(value)
            return
        if isinstance(value, SentenceProgress):
            sentence = self._text.take(value)
            self.sentences.append(sentence)
            if self._feed is not None:
                self._feed.update()
            self._on_sentence(sentence)
            return
        self._rate = value.sample_rate or self._rate
        if self._credit is not None and value.sample_rate is not None:
            self._credit.start(value.sample_rate)
        self._host.gate.buffer(len(value.audio))
        self._chunks.push(
            SpeechChunk(
                value.audio, value.seq, value.samples, value.frames, self._offset, value.sentence
            )
        )
        self._offset += value.samples
        if value.frames:
            self._ends_ms[value.sentence] = self._offset / self._rate * 1000

    def _end(self, error: BaseException) -> None:
        if self._writing is not None:
            self._writing.cancel()
        self._chunks.end(error)
        if not self.result.done():
            self.result.set_exception(error)
            self.result.exception()  # The reader of the audio gets the same error.
