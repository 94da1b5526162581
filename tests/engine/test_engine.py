"""Faults at the engine's interface: every job gets an outcome, and the engine goes on if it can."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sidecar.audio.reference import Recording
from sidecar.engine.batch_runner import BatchRunner
from sidecar.engine.decode import Batch
from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, Done, Events, Failed, SpeechResult
from sidecar.engine.request import LoadOptions, SpeechRequest
from sidecar.engine.sequence import Sequence
from sidecar.errors import (
    Cancelled,
    GenerationFailed,
    InternalError,
    ModelLoadFailed,
    OutOfMemory,
    QueueFull,
    UnknownModel,
)
from sidecar.limits import MAX_QUEUED, MAX_STREAMS
from sidecar.models import backend
from sidecar.models.base import Utterance
from tests.support.harness import TIMEOUT
from tests.support.jobs import outcome, unwrapped

REQUEST = SpeechRequest("tiny-voice", Utterance("Hi."), seed=1, max_frames=3)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    yield engine
    assert engine.stop(10)


def speak(engine: Engine) -> Any:
    """Return the result or the error of a request; fail soon if the engine does not answer."""
    job, beats = engine.submit(REQUEST), -1
    while True:
        try:
            event = job.events.get(timeout=2)
        except queue.Empty:
            is_asleep = engine.heartbeat.doing is None and engine.heartbeat.beats == beats
            assert not is_asleep, "the engine has nothing to do, but the request has not ended"
            beats = engine.heartbeat.beats
        else:
            if isinstance(event, Done | Failed):
                return unwrapped(event)


def test_a_request_ends_at_its_number_of_frames(engine: Engine) -> None:
    result = speak(engine)
    assert isinstance(result, SpeechResult)
    assert (result.figures.frames, result.figures.finish_reason) == (REQUEST.max_frames, "length")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (RuntimeError("kernel failed"), GenerationFailed),
        (RuntimeError("[malloc] Unable to allocate 9 bytes"), OutOfMemory),
        (MemoryError(), OutOfMemory),
    ],
)
def test_a_failing_step_fails_its_requests_and_the_next_one_works(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, fault: Exception, expected: type[Exception]
) -> None:
    step, faults = Batch.step, [fault]

    def failing_step(batch: Batch) -> None:
        if faults:
            raise faults.pop()
        step(batch)

    monkeypatch.setattr(Batch, "step", failing_step)
    error = speak(engine)
    assert isinstance(error, expected)
    assert error.__traceback__ is None  # its frames hold arrays of the engine thread
    assert isinstance(speak(engine), SpeechResult)


def test_a_failing_chunk_fails_that_request_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = Sequence.deliver
    victim: Events[Any] = Events()

    def failing_deliver(sequence: Sequence, *args: Any) -> None:
        if sequence.job.events is victim:
            raise ValueError("no more disk")
        deliver(sequence, *args)

    monkeypatch.setattr(Sequence, "deliver", failing_deliver)
    engine.submit(REQUEST, events=victim)
    neighbour = engine.submit(REQUEST)
    assert isinstance(outcome(victim), GenerationFailed)
    assert isinstance(outcome(neighbour), SpeechResult)


def test_after_a_bug_in_the_scheduler_no_job_stays_without_an_outcome(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(runner: BatchRunner, more_to_come: bool) -> None:
        raise ZeroDivisionError("a bug")

    assert isinstance(speak(engine), SpeechResult)
    monkeypatch.setattr(BatchRunner, "advance", bug)
    assert isinstance(speak(engine), InternalError)
    assert isinstance(speak(engine), InternalError)
    assert engine.status.backend == "broken"


def test_a_backend_that_cannot_start_is_the_answer_to_every_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_driver() -> None:
        raise RuntimeError("CUDA driver version is insufficient")

    monkeypatch.setattr(backend, "prepare", no_driver)
    engine = Engine()
    engine.start()
    for _ in range(2):
        error = speak(engine)
        assert isinstance(error, ModelLoadFailed)
        assert "CUDA driver" in error.message
    assert engine.stop(10)


def test_stop_cancels_active_and_waiting_jobs(engine: Engine) -> None:
    long = SpeechRequest("tiny-voice", Utterance("One two three " * 20))
    jobs = [engine.submit(long) for _ in range(12)]
    assert not isinstance(jobs[0].events.get(timeout=TIMEOUT), Failed)
    assert engine.stop(10)
    assert {type(outcome(job)).__name__ for job in jobs} == {"Cancelled"}


def test_a_model_is_freed_when_it_is_unloaded_right_after_a_cancel(engine: Engine) -> None:
    job = engine.submit(SpeechRequest("tiny-voice", Utterance("One two three " * 20)))
    assert isinstance(job.events.get(timeout=TIMEOUT), AudioChunk)
    speaking = engine.status.active_bytes
    engine.cancel(job)
    freed = engine.unload("tiny-voice")  # before the engine has stepped again, most often
    assert outcome(freed) is None
    assert engine.status.active_bytes < speaking - 20_000_000


def test_loads_and_encodings_count_as_queued_and_later_steps_are_not_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = threading.Event()

    def slow(name: str, on_download: object) -> None:
        assert found.wait(TIMEOUT)
        raise UnknownModel("There is none.")

    monkeypatch.setattr("sidecar.models.catalog.resolve", slow)
    recording = Recording(np.zeros(24000, np.float32), "")
    waiting = [
        engine.load("slow", LoadOptions()) if number % 2 else engine.encode("slow", recording)
        for number in range(MAX_STREAMS + MAX_QUEUED)
    ]
    for _ in range(2):
        assert isinstance(outcome(engine.load("slow", LoadOptions())), QueueFull)
        assert isinstance(outcome(engine.encode("other", recording)), QueueFull)
    assert isinstance(outcome(engine.submit(REQUEST)), QueueFull)
    going = engine.load("slow", LoadOptions(), admitted=True)
    cancelled = engine.encode("slow", recording, admitted=True)
    engine.cancel(cancelled)
    assert isinstance(outcome(cancelled), Cancelled)
    found.set()
    for job in (*waiting, going):
        assert isinstance(outcome(job), UnknownModel)
