"""Speaks a sentence with the bundled voice, in this process, within seconds."""

from __future__ import annotations

import queue
import time
from typing import Literal

import msgspec

from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, Done, Failed, SpeechResult
from sidecar.engine.request import LoadJob, LoadOptions, SpeechRequest
from sidecar.models import catalog
from sidecar.models.base import Utterance

_TEXT = "This machine can speak, and this is how it sounds."
_SEED = 3
# A cold import of MLX from a slow disk takes its time; speech that takes this long is the finding.
_LOAD_SECONDS, _SPEECH_SECONDS, _STOP_SECONDS = 60.0, 5.0, 1.0


class SelfTest(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What came of it; times in milliseconds.

    Attributes:
        outcome: slow: it was ended before the sentence was; the figures are up to there.
        load_ms: the import of MLX included.
        first_audio_ms: from the request, the model being loaded.
        real_time_factor: below 1 is faster than playback.
    """

    outcome: Literal["spoke", "slow", "failed"]
    load_ms: float | None = None
    first_audio_ms: float | None = None
    real_time_factor: float | None = None
    audio_ms: float | None = None
    error: str | None = None


def self_test() -> SelfTest:
    """Takes the load, and five seconds at most."""
    engine = Engine()
    engine.start()
    try:
        started = time.perf_counter()
        outcome = _outcome(engine.load(catalog.BUNDLED, LoadOptions()), started + _LOAD_SECONDS)
        if isinstance(outcome, Failed):
            return SelfTest("failed", error=outcome.error.advice)
        return _spoken(engine, (time.perf_counter() - started) * 1000)
    except queue.Empty:
        seconds = f"{_LOAD_SECONDS:.0f} s"
        return SelfTest("failed", error=f"the bundled voice was not loaded within {seconds}")
    finally:
        engine.stop(_STOP_SECONDS)


def _outcome(job: LoadJob, deadline: float) -> Done | Failed:
    """Wait for the end of a load; raises queue.Empty at the deadline."""
    while True:
        event = job.events.get(timeout=max(deadline - time.perf_counter(), 0.001))
        if isinstance(event, Done | Failed):
            return event


def _spoken(engine: Engine, load_ms: float) -> SelfTest:
    started = time.perf_counter()
    job = engine.submit(SpeechRequest(catalog.BUNDLED, Utterance(_TEXT), seed=_SEED))
    first_ms, audio = None, 0.0
    while True:
        left = started + _SPEECH_SECONDS - time.perf_counter()
        try:
            event = job.events.get(timeout=max(left, 0.001))
        except queue.Empty:
            factor = _SPEECH_SECONDS / audio if audio else None
            return SelfTest("slow", load_ms, first_ms, factor, audio * 1000)
        if isinstance(event, Failed):
            return SelfTest("failed", load_ms, error=event.error.advice)
        if isinstance(event, AudioChunk):
            first_ms = first_ms or (time.perf_counter() - started) * 1000
            audio += len(event.samples) / event.sample_rate
        if isinstance(event, Done) and isinstance(spoken := event.result, SpeechResult):
            return SelfTest("spoke", load_ms, first_ms, spoken.real_time_factor, audio * 1000)
