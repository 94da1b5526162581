"""Faults at the engine's interface: whoever waits is told, and the engine goes on if it can."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sidecar.engine.collector import Collector, Event
from sidecar.engine.decode import Batch
from sidecar.engine.engine import Engine
from sidecar.engine.request import AudioChunk, LoadOptions, SynthesisRequest, SynthesisResult
from sidecar.engine.row import Row
from sidecar.engine.running import Running
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
from sidecar.recording import Recording
from tests.harness import TIMEOUT

REQUEST = SynthesisRequest("tiny-voice", Utterance("Hi."), seed=1, max_frames=3)


def end_of(sink: Collector) -> Event:
    """The event that ends a request: a result or an error."""
    while isinstance(event := sink.events.get(timeout=TIMEOUT), AudioChunk):
        pass
    return event


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    yield engine
    assert engine.stop(10)


def speak(engine: Engine) -> Event:
    sink = Collector()
    engine.submit(REQUEST, sink)
    return end_of(sink)


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
    assert isinstance(speak(engine), SynthesisResult)


def test_a_failing_chunk_fails_that_request_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = Row.deliver
    victim, neighbour = Collector(), Collector()

    def failing_deliver(row: Row, *args: Any) -> None:
        if row.job.sink is victim:
            raise ValueError("no more disk")
        deliver(row, *args)

    monkeypatch.setattr(Row, "deliver", failing_deliver)
    engine.submit(REQUEST, victim)
    engine.submit(REQUEST, neighbour)
    assert isinstance(end_of(victim), GenerationFailed)
    assert isinstance(end_of(neighbour), SynthesisResult)


def test_a_bug_in_the_scheduler_leaves_nobody_waiting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(running: Running) -> None:
        raise ZeroDivisionError("a bug")

    assert isinstance(speak(engine), SynthesisResult)
    monkeypatch.setattr(Running, "advance", bug)
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


def test_stopping_cancels_what_runs_and_what_waits(engine: Engine) -> None:
    sinks = [Collector() for _ in range(12)]
    for sink in sinks:
        engine.submit(SynthesisRequest("tiny-voice", Utterance("One two three " * 20)), sink)
    assert not isinstance(sinks[0].events.get(timeout=TIMEOUT), Exception)
    assert engine.stop(10)
    assert {type(end_of(sink)).__name__ for sink in sinks} == {"Cancelled"}


class Freed(Collector):
    """What `Engine.unload` tells, as the events of a sink."""

    def done(self, result: Any = None) -> None:
        self.events.put(result)


def test_a_model_is_freed_when_it_is_unloaded_right_after_a_cancel(engine: Engine) -> None:
    sink, freed = Collector(), Freed()
    job = engine.submit(SynthesisRequest("tiny-voice", Utterance("One two three " * 20)), sink)
    assert isinstance(sink.events.get(timeout=TIMEOUT), AudioChunk)
    speaking = engine.status.active_bytes
    engine.cancel(job)
    engine.unload("tiny-voice", freed)  # before the engine has stepped again, most often
    assert freed.events.get(timeout=TIMEOUT) is None
    assert engine.status.active_bytes < speaking - 20_000_000


class Heard:
    """A sink of a load or of an encoding."""

    def __init__(self) -> None:
        self.ends: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def stage(self, stage: str, detail: str) -> None:
        pass

    def downloading(self, progress: object) -> None:
        pass

    def done(self, result: Any) -> None:
        self.ends.put(result)

    def failed(self, error: Exception) -> None:
        self.ends.put(error)

    def end(self) -> Any:
        return self.ends.get(timeout=TIMEOUT)


def test_loads_and_encodings_are_counted_and_steps_of_what_is_let_in_are_not_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = threading.Event()

    def slow(name: str, on_download: object) -> None:
        assert found.wait(TIMEOUT)
        raise UnknownModel("There is none.")

    monkeypatch.setattr("sidecar.models.catalog.resolve", slow)
    recording = Recording(np.zeros(24000, np.float32), "")
    waiting = [Heard() for _ in range(MAX_STREAMS + MAX_QUEUED)]
    for number, sink in enumerate(waiting):
        if number % 2:
            engine.load("slow", LoadOptions(), sink)
        else:
            engine.encode("slow", recording, sink)
    for refused in (Heard(), Heard()):
        engine.load("slow", LoadOptions(), refused)
        assert isinstance(refused.end(), QueueFull)
        refused = Heard()
        engine.encode("other", recording, refused)
        assert isinstance(refused.end(), QueueFull)
    engine.submit(REQUEST, late := Collector())
    assert isinstance(end_of(late), QueueFull)
    going = [Heard(), Heard()]
    engine.load("slow", LoadOptions(), going[0], admitted=True)
    job = engine.encode("slow", recording, going[1], admitted=True)
    engine.cancel(job)
    assert isinstance(going[1].end(), Cancelled)
    found.set()
    for sink in (*waiting, going[0]):
        assert isinstance(sink.end(), UnknownModel)
