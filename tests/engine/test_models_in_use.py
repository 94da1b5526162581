"""Which models the engine counts as in use: loads, holds, streams, and time without work."""

from __future__ import annotations

import gc
import queue
import time
from collections.abc import Callable

import mlx.core as mx
import numpy as np
import pytest

from sidecar.audio.reference import Recording
from sidecar.engine import model_table
from sidecar.engine.encoding import EncodingQueue
from sidecar.engine.engine import Engine
from sidecar.engine.events import (
    Event,
    Events,
    Failed,
    LoadResult,
    Outcome,
    SpeechResult,
    Stage,
)
from sidecar.engine.loaded import Loaded
from sidecar.engine.model_table import ModelTable
from sidecar.engine.references import References
from sidecar.engine.request import EncodeJob, Job, LoadJob, LoadOptions, SpeechRequest, Stream
from sidecar.errors import (
    Cancelled,
    IncompatibleVoice,
    ModelInUse,
    UnknownModel,
)
from sidecar.models.base import Utterance
from tests.support.harness import TIMEOUT
from tests.support.jobs import outcome

AUTO = LoadOptions()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free what the previous test left, and let models be unloaded at once."""
    monkeypatch.setattr(model_table, "MIN_IDLE_SECONDS", 0.0)
    gc.collect()
    mx.clear_cache()


class Beginning(Events[Event]):
    """A listener that calls a function when the load begins, on the engine's thread."""

    def __init__(self, begins: Callable[[], None]) -> None:
        super().__init__()
        self._begins = begins

    def put(self, event: Event) -> None:
        if isinstance(event, Stage) and event.stage == "loading":
            self._begins()
        super().put(event)


def test_a_load_is_cancelled_while_the_engine_is_at_it_and_the_next_one_works() -> None:
    engine, jobs = Engine(), queue.SimpleQueue[LoadJob]()
    engine.start()
    # The engine reads its command only after the load.
    events = Beginning(lambda: engine.cancel(jobs.get(timeout=TIMEOUT)))
    jobs.put(job := engine.load("tiny-voice", AUTO, events))
    assert isinstance(outcome(job), Cancelled)
    two = [engine.load("tiny-voice", AUTO) for _ in range(2)]
    results = [outcome(job) for job in two]
    assert all(isinstance(result, LoadResult) for result in results)
    assert results[0] == results[1]  # its time, too: it was loaded once
    assert engine.stop(10)


def test_a_held_model_stays_until_its_streams_first_job_or_its_release() -> None:
    engine, released, used = Engine(keep_alive=0.0), Stream(since=0.0), Stream(since=0.0)
    engine.start()
    engine.hold_model("tiny-voice", used)  # it is not in memory, which is no error
    outcome(engine.load("tiny-voice", LoadOptions(keep_alive=-1.0)))
    engine.hold_model("tiny-voice", released)
    assert isinstance(outcome(engine.unload("tiny-voice")), ModelInUse)
    engine.release(released)
    waiting = engine.unload("tiny-voice", wait=True)
    speech = SpeechRequest("tiny-voice", Utterance("Hi."), max_frames=2)
    assert isinstance(outcome(engine.submit(speech, used)), SpeechResult)
    assert outcome(waiting) is None
    assert not engine.loaded
    assert engine.stop(10)


def test_a_stream_between_two_segments_uses_its_model() -> None:
    engine, stream = Engine(keep_alive=0.0), Stream(since=0.0)
    engine.start()
    segment = SpeechRequest("tiny-voice", Utterance("Hi."), max_frames=2, more_follows=True)
    assert isinstance(outcome(engine.submit(segment, stream)), SpeechResult)

    def refusal() -> object:
        return outcome(engine.unload("tiny-voice"))

    for _ in range(2):  # its time without work has long been over
        assert isinstance(refusal(), ModelInUse)
    engine.release(stream)
    deadline = time.monotonic() + TIMEOUT
    while engine.status.models:
        assert time.monotonic() < deadline
    assert engine.stop(10)


def test_time_without_work_begins_when_the_last_piece_of_work_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(_: References, loaded: Loaded, utterance: Utterance) -> Utterance:
        loaded.last_used -= 100.0  # as if it took so long
        raise IncompatibleVoice("It cannot be spoken.")

    monkeypatch.setattr(References, "resolve", slow)
    engine = Engine()
    engine.start()
    outcome(engine.load("tiny-voice", LoadOptions(keep_alive=50.0)))
    speech = SpeechRequest("tiny-voice", Utterance("Hi."))
    assert isinstance(outcome(engine.submit(speech)), IncompatibleVoice)
    # By the end of the round that answers this, models that are due have been unloaded.
    assert isinstance(outcome(engine.unload("another")), UnknownModel)
    assert outcome(engine.unload("tiny-voice")) is None
    assert engine.stop(10)


def test_a_recording_whose_model_cannot_be_looked_for_ends_with_an_error() -> None:
    def park(name: str, job: Job) -> None:
        raise RuntimeError("can't start new thread")

    outcomes: list[Outcome] = []
    queue = EncodingQueue(
        ModelTable(lambda _: False), References(), park, lambda _, outcome: outcomes.append(outcome)
    )
    recording = Recording(np.zeros(1, np.float32), "source")
    queue.add(EncodeJob(events=Events(), model="unloaded since", recording=recording))
    queue.advance()
    [failed] = outcomes
    assert isinstance(failed, Failed)
