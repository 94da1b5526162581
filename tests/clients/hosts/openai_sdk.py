"""The Python package `openai`, as it is, against a server with the bundled voice."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import openai

URL, KEY = os.environ["DOOR_URL"], os.environ["DOOR_KEY"]
VOICES = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
)
VOICES += ("shimmer", "verse")
STARTS = {"mp3": b"\xff", "opus": b"OggS", "flac": b"fLaC", "wav": b"RIFF", "pcm": b""}
HELLO = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "Hello there."}

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
speech = client.audio.speech


def refused(kind: type[openai.APIStatusError], **params: object) -> openai.APIStatusError:
    """Return the error that a request has to raise, of exactly that class."""
    return raised(kind, lambda: speech.create(**{**HELLO, **params}))


def raised(kind: type[openai.APIStatusError], call: Callable[[], object]) -> openai.APIStatusError:
    found: openai.APIStatusError | None = None
    try:
        call()
    except openai.APIStatusError as error:
        found = error
    assert type(found) is kind, found
    assert found.request_id, found
    return found


def speaks_in_every_format() -> None:
    for name, start in STARTS.items():
        audio = speech.create(**HELLO, response_format=name).read()
        assert audio.startswith(start), name
        assert len(audio) > 1000, name
    assert speech.create(**HELLO).read().startswith(b"\xff"), "the default is mp3"


def speaks_with_every_name() -> None:
    spoken = {
        voice: speech.create(model="tts-1", voice=voice, input="Hi.", response_format="pcm").read()
        for voice in VOICES
    }
    assert all(spoken.values())
    assert spoken["nova"] != spoken["onyx"], "a woman's voice and a man's"
    for model in ("tts-1-hd", "gpt-4o-mini-tts-2025-12-15", "tiny-voice"):
        assert speech.create(model=model, voice="shimmer", input="Hi.").read()
    assert speech.create(model="tts-1", voice={"id": "slt"}, input="Hi.").read()


def streams_to_a_file() -> None:
    file = Path(tempfile.mkdtemp()) / "hello.wav"
    with speech.with_streaming_response.create(**HELLO, response_format="wav") as response:
        assert response.headers["x-request-id"], response.headers
        response.stream_to_file(file)
    assert file.read_bytes()[:4] == b"RIFF"
    with speech.with_streaming_response.create(**HELLO, stream_format="sse") as response:
        lines = [line for line in response.iter_lines() if line]
    assert "speech.audio.delta" in lines[0]
    assert "speech.audio.done" in lines[-1]


def passes_instructions_on() -> None:
    response = speech.with_raw_response.create(**HELLO, instructions="Speak sadly.", speed=1.5)
    assert response.headers["x-ignored-parameters"] == "instructions"
    assert response.content


def lists_models() -> None:
    models = client.models.list()
    assert {"tts-1", "tts-1-hd", "gpt-4o-mini-tts", "tiny-voice"} <= {m.id for m in models}
    assert client.models.retrieve("tts-1-hd").id == "tts-1-hd"
    assert models._request_id


def raises_its_own_errors() -> None:
    unknown = refused(openai.BadRequestError, voice="nobody")
    assert (unknown.param, unknown.code) == ("voice", "unknown_voice")
    assert "slt" in unknown.message
    assert "shimmer" in unknown.message
    refused(openai.NotFoundError, model="nonesuch")
    for params in ({"response_format": "aac"}, {"speed": 4.0}, {"speed": 0.25}, {"input": ""}):
        refused(openai.BadRequestError, **params)
    stranger = openai.OpenAI(base_url=f"{URL}/v1", api_key="wrong", max_retries=0)
    refusal = raised(openai.AuthenticationError, stranger.models.list)
    assert refusal.response.headers["www-authenticate"] == "Bearer"


def takes_a_base_url_with_a_slash() -> None:
    with_slash = openai.OpenAI(base_url=f"{URL}/v1/", api_key=KEY, max_retries=0)
    assert with_slash.audio.speech.create(**HELLO).read()


async def speaks_to_many_at_once() -> None:
    async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0) as many:
        answers = await asyncio.gather(*(many.audio.speech.create(**HELLO) for _ in range(3)))
        assert all([await answer.aread() for answer in answers])


speaks_in_every_format()
speaks_with_every_name()
streams_to_a_file()
passes_instructions_on()
lists_models()
raises_its_own_errors()
takes_a_base_url_with_a_slash()
asyncio.run(speaks_to_many_at_once())
print("openai", openai.__version__)
