"""`POST /v1/audio/speech`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from qwen_tts_cluster.backends import Audio, Mark, SpeechEvent, SpeechRequest
from qwen_tts_cluster.doors.openai.aliases import Aliases
from qwen_tts_cluster.doors.openai.body import Body, optional_string, read_json
from qwen_tts_cluster.doors.openai.errors import bad_request
from qwen_tts_cluster.doors.openai.formats import choose_format
from qwen_tts_cluster.doors.openai.pacing import Pace, paced
from qwen_tts_cluster.doors.openai.places import Utf16Places
from qwen_tts_cluster.doors.openai.streaming import (
    SpeechResponse,
    audio,
    cancel,
    left,
    server_sent,
    unless_left,
)
from qwen_tts_cluster.doors.openai.visit import Visit
from qwen_tts_cluster.doors.openai.voices import choose_voice
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.service import Service


class _Asked(NamedTuple):
    """What a client asks for, as it names it."""

    speech: SpeechRequest
    content_type: str
    is_sse: bool


class _Begun(NamedTuple):
    """A speech whose first audio, or whose end, has come."""

    first: list[SpeechEvent]
    rest: AsyncGenerator[SpeechEvent, None]
    ignored: str | None
    """What was left out of the request, as the client names it."""

    async def events(self) -> AsyncGenerator[SpeechEvent, None]:
        """Yield all events."""
        for event in self.first:
            yield event
        async for event in self.rest:
            yield event


async def create_speech(service: Service, aliases: Aliases, request: Request) -> SpeechResponse:
    """Answer with audio. The status is sent with the first chunk, so that it can be an error's.

    Raises:
        HttpError: the request is wrong, or refused.
    """
    asked = _read(await read_json(request), service.settings.http.max_characters)
    visit = Visit.of(request)
    visit.note(model=asked.speech.model, voice=asked.speech.voice, text=asked.speech.text)
    leaving = asyncio.create_task(left(request.receive))
    try:
        work = _begin(service, aliases, asked.speech, visit)
        begun = await unless_left(work, leaving)
    except BaseException:
        await cancel(leaving)
        raise
    pieces = server_sent(begun.events()) if asked.is_sse else audio(begun.events())
    headers = {"content-type": asked.content_type, "cache-control": "no-store"}
    if begun.ignored is not None:
        headers["x-ignored-parameters"] = begun.ignored
    return SpeechResponse(pieces, begun.rest, headers, leaving)


def _read(body: Body, max_characters: int) -> _Asked:
    """Read the body. Unknown fields are ignored: clients send many that are for other servers."""
    file = choose_format(body.get("response_format"))
    wanted = body.get("stream_format", "audio")
    if wanted not in ("audio", "sse", None):
        raise bad_request('stream_format must be "audio" or "sse".', "stream_format")
    is_sse = wanted == "sse"
    text, model = body.get("input"), body.get("model")
    if not isinstance(text, str):
        raise bad_request("input must be a string.", "input")
    if not isinstance(model, str):
        raise bad_request("model must be a string.", "model")
    if len(text) > max_characters:
        raise bad_request(
            f"input has {len(text)} characters; a request may have {max_characters}.",
            "input",
            "text_too_long",
        )
    speech = SpeechRequest(
        text=text,
        model=model,
        voice=_voice_name(body.get("voice")),
        language=optional_string(body, "language"),
        instructions=optional_string(body, "instructions") or None,
        # The backend checks these.
        speed=body.get("speed"),
        seed=body.get("seed"),
        encoding=file.encoding,
        more=_timing(body, is_sse),
    )
    return _Asked(speech, "text/event-stream" if is_sse else file.content_type, is_sse)


def _voice_name(voice: Any) -> str | None:
    """Return OpenAI's voice, which is a name or `{id}`. An empty name is the default voice."""
    if voice is None:
        return None
    name: Any = voice.get("id") if isinstance(voice, dict) else voice  # pyright: ignore
    if isinstance(name, str):
        return name or None
    raise bad_request('voice must be a string, or an object like {"id": "alloy"}.', "voice")


def _timing(body: Body, is_sse: bool) -> dict[str, Any]:
    """Return this server's own `timing`: words are events, so they need events."""
    timing = body.get("timing")
    if timing in (None, "sentence"):
        return {}
    if timing != "word":
        raise bad_request('timing must be "sentence" or "word".', "timing")
    if not is_sse:
        raise bad_request('timing "word" needs stream_format "sse".', "timing")
    return {"timing": "word"}


async def _begin(service: Service, aliases: Aliases, asked: SpeechRequest, visit: Visit) -> _Begun:
    """Speak until the first audio.

    Raises:
        HttpError: the speech was refused, or failed before that.
    """
    model = aliases.model(asked.model or "")
    try:
        service.check_model(model)
        voice = await choose_voice(service.backend, aliases, model, asked.voice)
        speech = msgspec.structs.replace(asked, model=model, voice=voice)
        try:
            return await _started(_speak(service, speech, visit))
        except SpeechError as error:
            is_unsupported = error.type == "unsupported" and error.field == "instruct"
            if not is_unsupported or service.settings.http.unsupported_instructions == "error":
                raise
        plain = msgspec.structs.replace(speech, instructions=None)
        return await _started(_speak(service, plain, visit), "instructions")
    except SpeechError as error:
        if error.type != "unknownVoice":
            raise
        # The backend's message lists only its own names; the client may know only the others.
        names = ", ".join(aliases.voices)
        error.hint = f"{error.hint or ''} These names are accepted, too: {names}.".lstrip()
        raise


async def _speak(
    service: Service, speech: SpeechRequest, visit: Visit
) -> AsyncGenerator[SpeechEvent, None]:
    """Yield the events of a speech at the pace of its player, and count it."""
    places = Utf16Places(speech.text)
    pace = Pace(service.settings.limits.max_credit_ms / 1000)
    assert visit.key is not None
    async with visit.key.admit(len(speech.text)):
        with service.meter.speech() as running, visit.speech() as watch:
            async with aclosing(service.backend.speak(speech)) as generated:
                async for event in paced(watch.watched(generated), pace):
                    if isinstance(event, Audio):
                        running.sent(event.samples / event.sample_rate * 1000)
                    yield places.convert(event)


async def _started(events: AsyncGenerator[SpeechEvent, None], ignored: str | None = None) -> _Begun:
    """Wait for the first audio, or the end.

    Raises:
        SpeechError: there is an error instead.
    """
    first: list[SpeechEvent] = []
    try:
        async for event in events:
            first.append(event)
            if not isinstance(event, Mark):
                break
    except BaseException:
        await events.aclose()
        raise
    return _Begun(first, events, ignored)
