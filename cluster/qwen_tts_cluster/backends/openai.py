"""A server elsewhere with OpenAI's speech API, such as vLLM-Omni's or mlx-audio's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
from sidecar.audio.formats import AudioFormat
from sidecar.audio.stream import AudioStream
from sidecar.errors import SidecarError as FormatError

from qwen_tts_cluster.backends.base import (
    Audio,
    Finished,
    Load,
    ModelInfo,
    SpeechEvent,
    SpeechRequest,
    VoiceInfo,
)
from qwen_tts_cluster.backends.openai_errors import as_speech_error, unreachable
from qwen_tts_cluster.backends.wav_reader import WavError, WavReader
from qwen_tts_cluster.errors import SettingsError, SpeechError
from qwen_tts_cluster.openai_names import OPENAI_VOICES
from qwen_tts_cluster.settings import OpenAIBackend as OpenAISettings

_CONNECT_SECONDS = 10.0


class OpenAIBackend:
    """Relays to a server. Its audio is encoded here, so that all formats are the sidecar's.

    Args:
        settings: where it is, and what it can do.
        transport: how to reach it; None: by the network.

    Raises:
        SettingsError: the file with its key cannot be read.
    """

    def __init__(
        self, settings: OpenAISettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._turn = asyncio.Semaphore(settings.max_streams or 2**31)
        self._running = self._waiting = 0
        self._http = httpx.AsyncClient(
            base_url=settings.base_url.rstrip("/") + "/",
            headers=_headers(settings.key_file),
            timeout=httpx.Timeout(settings.silence_seconds, connect=_CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None),
            transport=transport,
        )

    async def start(self) -> None:
        """Check that the server answers.

        Raises:
            SpeechError: it cannot be reached.
        """
        await self.check()

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        """Yield the audio, then `Finished`. Closing the generator ends the connection.

        Nothing is read ahead of the reader, but what the sockets hold.

        Raises:
            SpeechError: the server refuses it, fails, or cannot be reached.
        """
        body = self._body(request)
        async with AsyncExitStack() as stack:
            await self._take_turn(stack)
            try:
                post = self._http.stream("POST", "audio/speech", json=body)
                response = await stack.enter_async_context(post)
                if response.status_code != 200:
                    await response.aread()
                    raise as_speech_error(response)
                samples = 0
                output = _Output(request, self._settings)
                async for piece in response.aiter_bytes():
                    for audio in output.write(piece):
                        samples += audio.samples
                        yield audio
            except httpx.HTTPError as error:
                raise unreachable(error) from error
            for audio in output.finish():
                samples += audio.samples
                yield audio
        yield Finished("stop", samples, output.sample_rate)

    async def voices(self, model: str | None = None) -> list[VoiceInfo]:
        """Return the voices of the settings, or those that the server lists."""
        if self._settings.voices is not None:
            return [VoiceInfo(name, "preset") for name in self._settings.voices]
        try:
            listed = await self._get("audio/voices", model=model or self._settings.model)
        except SpeechError as error:
            if error.type == "sidecarExited":
                raise
            return [VoiceInfo(name, "preset") for name in OPENAI_VOICES]
        found: list[Any] = listed.get("voices") or listed.get("data") or []
        return [VoiceInfo(name, "preset") for name in map(_name_of, found) if name is not None]

    async def models(self) -> list[ModelInfo]:
        """Return the models that the server lists, and the one of the settings."""
        try:
            listed: list[Any] = (await self._get("models")).get("data") or []
        except SpeechError as error:
            if error.type == "sidecarExited":
                raise
            listed = []
        names = [name for name in map(_name_of, listed) if name is not None]
        ours = self._settings.model
        return [ModelInfo(name) for name in dict.fromkeys([ours, *names])]

    async def load(self) -> Load:
        """Return how many requests are at the server, and how many wait here."""
        return Load(self._running, self._waiting)

    async def check(self) -> None:
        """Check that the server answers, whatever it says.

        Raises:
            SpeechError: it cannot be reached.
        """
        try:
            await self._http.get("models")
        except httpx.HTTPError as error:
            raise unreachable(error) from error

    async def _take_turn(self, stack: AsyncExitStack) -> None:
        self._waiting += 1
        try:
            await stack.enter_async_context(self._turn)
        finally:
            self._waiting -= 1
        self._running += 1
        stack.callback(self._leave)

    def _leave(self) -> None:
        self._running -= 1

    def _body(self, request: SpeechRequest) -> dict[str, Any]:
        """Return the body for the server.

        Raises:
            SpeechError: `unsupported`, for what it does not know.
        """
        unknown = set(request.more) | {"sampleRate"} if request.sample_rate else set(request.more)
        extra = {"language": request.language, "seed": request.seed}
        extra = {name: value for name, value in extra.items() if value is not None}
        for name in [*extra, *unknown]:
            if name not in self._settings.passes:
                message = f"The server behind this one knows no `{name}`."
                raise SpeechError("unsupported", message, field=name)
        return {
            **self._settings.fields,
            "model": request.model or self._settings.model,
            "input": request.text,
            "response_format": self._settings.format,
            **_given(
                voice=request.voice or self._settings.voice,
                instructions=request.instructions,
                speed=request.speed,
            ),
            **extra,
        }

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        try:
            response = await self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise unreachable(error) from error
        if response.status_code != 200:
            raise as_speech_error(response)
        try:
            content = response.json()
        except ValueError:
            content = None
        return content if isinstance(content, dict) else {}  # pyright: ignore[reportUnknownVariableType]


class _Output:
    """The server's audio → the encoding that was asked for."""

    def __init__(self, request: SpeechRequest, settings: OpenAISettings) -> None:
        self._format = AudioFormat(encoding=request.encoding, fade=False)
        self._wav = WavReader() if settings.format == "wav" else None
        self._odd = b""  # half of a sample
        self._stream: AudioStream | None = None
        self._rate = settings.sample_rate

    @property
    def sample_rate(self) -> int:
        """Sample rate of the output in Hz."""
        return self._stream.sample_rate if self._stream else self._rate

    def write(self, data: bytes) -> list[Audio]:
        """Return the next audio: one chunk, or none.

        Raises:
            SpeechError: the server sends something else than it was asked for.
        """
        try:
            if self._wav is not None:
                samples = self._wav.feed(data)
            else:
                data = self._odd + data
                whole = len(data) & ~1
                samples, self._odd = data[:whole], data[whole:]
            return self._encode(samples) if samples else []
        except WavError as error:
            raise _wrong(str(error)) from error

    def finish(self) -> list[Audio]:
        """Return the end of the encoding.

        Raises:
            SpeechError: there was no audio, or it was cut.
        """
        try:
            if self._wav is not None:
                self._wav.finish()
        except WavError as error:
            raise _wrong(str(error)) from error
        if self._stream is None:
            raise _wrong("it ended before its audio")
        end = self._stream.finish()
        return [Audio(end.data, end.samples, self.sample_rate)] if end.data or end.samples else []

    def _encode(self, samples: bytes) -> list[Audio]:
        if self._stream is None:
            rate = (self._wav and self._wav.sample_rate) or self._rate
            try:
                self._stream = AudioStream(self._format, rate)
            except FormatError as error:
                raise SpeechError("unsupported", str(error), field="encoding") from error
        values = np.frombuffer(samples, "<i2").astype(np.float32) / np.float32(32768)
        encoded = self._stream.write(values)
        return [Audio(encoded.data, encoded.samples, self.sample_rate)]


def _wrong(what: str) -> SpeechError:
    return SpeechError(
        "generationFailed", f"The audio of the server behind this one is wrong: {what}."
    )


def _headers(key_file: str | None) -> dict[str, str]:
    if key_file is None:
        return {}
    try:
        return {"authorization": f"Bearer {Path(key_file).read_text('utf-8').strip()}"}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"`backend.openai.keyFile` cannot be read: {error}.") from None


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _name_of(entry: Any) -> str | None:
    """Return the name of a voice or a model, which servers list as `{id}`, `{name}` or alone."""
    name: Any = entry.get("id") or entry.get("name") if isinstance(entry, dict) else entry  # pyright: ignore
    return name if isinstance(name, str) else None
