"""What a server elsewhere may answer, and what a replica makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from qwen_tts_cluster.backends import Audio, Finished, SpeechRequest
from qwen_tts_cluster.backends.openai import OpenAIBackend
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.openai_names import OPENAI_VOICES
from qwen_tts_cluster.settings import OpenAIBackend as Settings

SAMPLES = (np.sin(np.arange(24000) / 20) * 20000).astype("<i2").tobytes()
Answer = Callable[[httpx.Request], httpx.Response]


def backend(answer: Answer, **more: Any) -> OpenAIBackend:
    settings = Settings(base_url="http://elsewhere/v1", model="m", voice="v", **more)
    return OpenAIBackend(settings, httpx.MockTransport(answer))


def speak(relay: OpenAIBackend, request: SpeechRequest) -> tuple[bytes, Finished]:
    async def run() -> tuple[bytes, Finished]:
        audio, end = b"", None
        async for event in relay.speak(request):
            if isinstance(event, Audio):
                audio += event.data
            else:
                end = event
        await relay.close()
        assert isinstance(end, Finished)
        return audio, end

    return asyncio.run(run())


def in_pieces(content: bytes, size: int) -> Answer:
    async def pieces() -> AsyncGenerator[bytes, None]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    return lambda _: httpx.Response(200, content=pieces())


@pytest.mark.parametrize("size", [1, 7, 4096, 10**6])
def test_samples_arrive_as_they_were_sent(size: int) -> None:
    content = SAMPLES[:999] if size == 1 else SAMPLES  # 999 bytes: half of a sample is left over
    audio, end = speak(backend(in_pieces(content, size)), SpeechRequest(text="Hi."))
    assert audio == content[: len(content) & ~1]
    assert (end.samples, end.sample_rate) == (len(audio) // 2, 24000)


def test_other_formats_are_encoded_here() -> None:
    wav, _ = speak(backend(in_pieces(SAMPLES, 5000)), SpeechRequest(text="x", encoding="wav"))
    assert (wav[:4], wav[44:]) == (b"RIFF", SAMPLES)
    flac, _ = speak(backend(in_pieces(SAMPLES, 5000)), SpeechRequest(text="x", encoding="flac"))
    assert flac.startswith(b"fLaC")


def test_what_is_asked_elsewhere() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, content=SAMPLES)

    relay = backend(answer, passes=["seed"], fields={"stream": True})
    speak(relay, SpeechRequest(text="Hi.", seed=3, speed=1.5, instructions="Sadly."))
    assert asked == [
        {
            "stream": True,
            "model": "m",
            "input": "Hi.",
            "response_format": "pcm",
            "voice": "v",
            "instructions": "Sadly.",
            "speed": 1.5,
            "seed": 3,
        }
    ]
    for request in (
        SpeechRequest(text="Hi.", language="english"),
        SpeechRequest(text="Hi.", more={"timing": "word"}),
    ):
        with pytest.raises(SpeechError) as caught:
            speak(backend(answer), request)
        assert caught.value.type == "unsupported"


def openai_error(code: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": "No.", "type": "x", "param": param, "code": code}}


@pytest.mark.parametrize(
    ("status", "content", "kind", "field"),
    [
        (400, openai_error("unknown_voice", "voice"), "unknownVoice", "voice"),
        (400, openai_error("string_above_max_length", "input"), "textTooLong", "text"),
        (400, {"detail": "No."}, "invalidParams", None),
        (422, {"detail": [{"loc": ["body", "input"]}]}, "invalidParams", None),
        (404, openai_error("model_not_found", "model"), "unknownModel", "model"),
        (429, openai_error("rate_limit_exceeded"), "queueFull", None),
        (401, {"error": {"message": "Incorrect key: sk-s3cret"}}, "internalError", None),
        (500, "<html>No.</html>", "generationFailed", None),
        (503, [], "sidecarExited", None),
    ],
)
def test_errors_of_the_server(status: int, content: Any, kind: str, field: str | None) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        headers = {"retry-after": "7"} if status == 429 else {}
        if isinstance(content, str):
            return httpx.Response(status, text=content, headers=headers)
        return httpx.Response(status, json=content, headers=headers)

    with pytest.raises(SpeechError) as caught:
        speak(backend(answer), SpeechRequest(text="Hi."))
    assert (caught.value.type, caught.value.field) == (kind, field)
    assert caught.value.retry_after == (7 if status == 429 else 1)
    assert "s3cret" not in str(caught.value)


def test_a_server_that_is_not_there_or_stops() -> None:
    def missing(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield SAMPLES[:1000]
        raise httpx.RemoteProtocolError("cut")

    stops: Answer = lambda _: httpx.Response(200, content=pieces())  # noqa: E731
    empty: Answer = lambda _: httpx.Response(200, content=b"")  # noqa: E731
    for answer, kind in [
        (missing, "sidecarExited"),
        (stops, "sidecarExited"),
        (empty, "generationFailed"),
    ]:
        with pytest.raises(SpeechError) as caught:
            speak(backend(answer), SpeechRequest(text="Hi."))
        assert caught.value.type == kind


def test_closing_ends_the_connection_and_the_turn() -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            yield SAMPLES

    async def run() -> None:
        relay = backend(lambda _: httpx.Response(200, content=endless()), max_streams=1)
        for _ in range(2):
            speech = relay.speak(SpeechRequest(text="Hi."))
            await anext(speech)
            assert (await relay.load()).streams == 1
            await speech.aclose()
            assert (await relay.load()).streams == 0
        await relay.close()

    asyncio.run(run())


def test_voices_and_models() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "m"}, {"id": "other"}, {"x": 1}]})
        if request.url.params["model"] == "m":
            return httpx.Response(200, json={"voices": ["ann", {"id": "bob"}, {"name": "carol"}]})
        return httpx.Response(404)

    async def run() -> None:
        relay = backend(answer)
        assert [model.name for model in await relay.models()] == ["m", "other"]
        assert [voice.name for voice in await relay.voices()] == ["ann", "bob", "carol"]
        assert [voice.name for voice in await relay.voices("other")] == list(OPENAI_VOICES)
        await relay.close()

    asyncio.run(run())
