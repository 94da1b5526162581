"""The self-test: speaks a sentence with the bundled voice, in this process."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, Done, Event, Failed, SpeechResult
from sidecar.engine.request import Job, LoadOptions, SpeechRequest
from sidecar.errors import SidecarError
from sidecar.models import catalog
from sidecar.models.base import Utterance

_TEXT = "This machine can speak, and this is how it sounds."
_SEED = 3
# Importing MLX from a slow disk takes long the first time. Speech that takes so long is slow.
_LOAD_SECONDS, _SPEECH_SECONDS, _STOP_SECONDS = 60.0, 5.0, 1.0


def self_test() -> dict[str, Any]:
    """Load the bundled voice and speak a sentence, for at most five seconds.

    Returns:
        outcome: "spoke", "failed" with `error`, or "slow" if the time was over before the
            sentence. The figures are for what was spoken until then.
        loadMs: with the import of MLX.
        firstAudioMs: from the request, with the model loaded.
        realTimeFactor: below 1 is faster than playback.
        audioMs: length of the audio.
    """
    engine = Engine()
    engine.start()
    try:
        started = time.perf_counter()
        for _ in _events(engine.load(catalog.BUNDLED, LoadOptions()), _LOAD_SECONDS):
            pass
        return _speak(engine, {"loadMs": (time.perf_counter() - started) * 1000})
    except SidecarError as error:
        return {"outcome": "failed", "error": error.advice}
    except queue.Empty:
        error = f"the bundled voice was not loaded within {_LOAD_SECONDS:.0f} s"
        return {"outcome": "failed", "error": error}
    finally:
        engine.stop(_STOP_SECONDS)


def _speak(engine: Engine, figures: dict[str, Any]) -> dict[str, Any]:
    started, audio = time.perf_counter(), 0.0
    try:
        job = engine.submit(SpeechRequest(catalog.BUNDLED, Utterance(_TEXT), seed=_SEED))
        for event in _events(job, _SPEECH_SECONDS):
            if isinstance(event, AudioChunk):
                figures.setdefault("firstAudioMs", (time.perf_counter() - started) * 1000)
                audio += len(event.samples) / event.sample_rate
            elif isinstance(event, Done) and isinstance(event.result, SpeechResult):
                figures["realTimeFactor"] = event.result.figures.real_time_factor
        outcome = "spoke"
    except queue.Empty:
        outcome = "slow"
        if audio:
            figures["realTimeFactor"] = _SPEECH_SECONDS / audio
    except SidecarError as error:
        return {"outcome": "failed", **figures, "error": error.advice}
    return {"outcome": outcome, **figures, "audioMs": audio * 1000}


def _events(job: Job, seconds: float) -> Iterator[Event]:
    """Yield the events of a job, to its end.

    Raises:
        SidecarError: the job has failed.
        queue.Empty: the time is over.
    """
    deadline = time.perf_counter() + seconds
    while True:
        event = job.events.get(timeout=max(deadline - time.perf_counter(), 0.001))
        if isinstance(event, Failed):
            raise event.error
        yield event
        if isinstance(event, Done):
            return
