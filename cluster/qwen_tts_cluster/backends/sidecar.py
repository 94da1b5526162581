"""A sidecar as a child process of the replica, through the Python client."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec

from qwen_tts_client import (
    RestartPolicy,
    Sentence,
    Sidecar,
    SidecarError,
    SidecarResponseError,
)
from qwen_tts_client.protocol import SynthesizeResult, WordsProgress
from qwen_tts_client.supervisor import ExitEvent
from qwen_tts_cluster.backends.base import (
    Audio,
    Finished,
    Load,
    Mark,
    ModelInfo,
    SpeechEvent,
    SpeechRequest,
    VoiceInfo,
)
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.settings import Settings
from qwen_tts_cluster.settings import SidecarBackend as SidecarSettings

log = logging.getLogger(__name__)

# How much a speech over HTTP is generated ahead of its reader.
_CREDIT_MS = 5000.0
_PARAMS = {"model": "model", "voice": "voice", "language": "language", "instructions": "instruct"}


class SidecarBackend:
    """One child process. It is started again after a crash, up to five times in three minutes.

    Args:
        voices: the folder of saved voices; None is the sidecar's own.

    Attributes:
        sidecar: the client, for requests of other doors.
    """

    def __init__(self, settings: Settings, voices: Path | None = None) -> None:
        self._models = settings.models
        own = settings.backend.sidecar or SidecarSettings()
        args = list(own.args)
        if voices is not None:
            args += ["--voices-dir", str(voices)]
        self.sidecar = Sidecar(
            own.command,
            args=args,
            env=own.env,
            restart=RestartPolicy(),
            on_log=_log,
            on_exit=_log_exit,
        )

    async def start(self) -> None:
        """Start the child, load the models that clients may ask for, and wait until it answers.

        Raises:
            SpeechError: it cannot be started.
        """
        try:
            await self.sidecar.start()
            for model in self._models or [None]:  # None is the default model.
                await self.sidecar.models.load(model)
        except SidecarError as error:
            raise _as_speech_error(error) from error

    async def close(self) -> None:
        """End the child, and wait until it has ended."""
        await self.sidecar.close()

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        """Yield the audio, then `Finished`. Closing the generator cancels the speech.

        Raises:
            SpeechError: the sidecar refuses it, fails, or ended.
        """
        marks = _Marks()
        has_marks = "timing" in request.more
        async with self.sidecar.synthesize(
            request.text,
            on_sentence=marks.sentence if has_marks else None,
            on_words=marks.words if has_marks else None,
            **_params(request),
        ) as stream:
            try:
                async for chunk in stream:
                    yield Audio(chunk.audio, chunk.samples, stream.sample_rate or 0)
                    for mark in marks.take():
                        yield mark
                result = await stream.final()
            except SidecarError as error:
                raise _as_speech_error(error) from error
            for mark in marks.take():
                yield mark
            yield _finished(result, stream.sentences)

    async def voices(self, model: str | None = None) -> list[VoiceInfo]:
        """Return the presets of a model and the saved voices.

        Raises:
            SpeechError: `unknownModel`.
        """
        try:
            found = await self.sidecar.voices.list(model)
        except SidecarError as error:
            raise _as_speech_error(error) from error
        return [VoiceInfo(voice.voice, voice.kind, [voice.model], voice.gender) for voice in found]

    async def models(self) -> list[ModelInfo]:
        """Return the models that are on this machine."""
        try:
            found = await self.sidecar.models.list()
        except SidecarError as error:
            raise _as_speech_error(error) from error
        here = [model for model in found if model.source is not None and model.fault is None]
        return [ModelInfo(model.model, model.state == "loaded") for model in here]

    async def load(self) -> Load:
        """Return what the child is doing."""
        try:
            status = await self.sidecar.status()
        except SidecarError as error:
            raise _as_speech_error(error) from error
        return Load(len(status.streams), status.queued)

    async def check(self) -> None:
        """Wait for a child that is being started again.

        Raises:
            SpeechError: it is not started any more.
        """
        try:
            await self.sidecar.connection()
        except SidecarError as error:
            raise _as_speech_error(error) from error


class _Marks:
    """Where sentences and words are, until they are taken."""

    def __init__(self) -> None:
        self._waiting: list[Mark] = []

    def sentence(self, sentence: Sentence) -> None:
        """Add the place of a sentence."""
        self._waiting.append(Mark("sentence", _sentence(sentence)))

    def words(self, words: WordsProgress) -> None:
        """Add the words of a sentence."""
        content = msgspec.to_builtins(words)
        del content["kind"]
        self._waiting.append(Mark("words", content))

    def take(self) -> list[Mark]:
        """Return those that have come."""
        taken, self._waiting = self._waiting, []
        return taken


def _sentence(sentence: Sentence) -> dict[str, Any]:
    content = {
        "index": sentence.index,
        "text": sentence.text,
        "textStart": sentence.text_start,
        "textEnd": sentence.text_end,
        "startMs": sentence.start_ms,
    }
    return content if sentence.speaker is None else {**content, "speaker": sentence.speaker}


def _finished(result: SynthesizeResult, sentences: list[Sentence]) -> Finished:
    content = msgspec.to_builtins(result)
    content["sentences"] = [_sentence(sentence) for sentence in sentences]
    return Finished(
        result.finish_reason,
        result.samples,
        result.sample_rate,
        result.seed,
        frames=result.frames,
        real_time_factor=result.metrics.real_time_factor,
        content=content,
    )


def _params(request: SpeechRequest) -> dict[str, Any]:
    params: dict[str, Any] = {"credit_ms": _CREDIT_MS, "encoding": request.encoding}
    for ours, theirs in _PARAMS.items():
        if (value := getattr(request, ours)) is not None:
            params[theirs] = value
    for name in ("speed", "seed", "sample_rate"):
        if (value := getattr(request, name)) is not None:
            params[name] = value
    return {**params, **request.more}


def _as_speech_error(error: SidecarError) -> SpeechError:
    if isinstance(error, SidecarResponseError):
        return SpeechError(error.type, error.reason, field=error.field, hint=error.hint)
    # What a dead process wrote to its log is not for clients.
    return SpeechError("sidecarExited", str(error).splitlines()[0])


def _log(line: str) -> None:
    log.info("sidecar: %s", line)


def _log_exit(event: ExitEvent) -> None:
    log.warning("the sidecar ended: %s", str(event.error).splitlines()[0])
