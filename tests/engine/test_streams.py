"""The jobs of one stream: their place, their order, and the text they wait for."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from msgspec.structs import replace

from sidecar.engine import admission
from sidecar.engine.admission import AdmissionQueue
from sidecar.engine.engine import Engine
from sidecar.engine.events import (
    AudioChunk,
    Done,
    Event,
    Events,
    Failed,
    SpeechResult,
    WaitingForText,
)
from sidecar.engine.request import SpeechJob, SpeechRequest, Stream
from sidecar.models.base import Utterance
from tests.support.harness import TIMEOUT
from tests.support.jobs import outcome, unwrapped

HELLO = SpeechRequest("tiny-voice", Utterance("Hello there."), seed=1, max_frames=3)
WHOLE = Utterance("Once upon a time", text_mode="stream")
LIVE = replace(
    HELLO, utterance=Utterance("Once upon ", text_mode="stream", more_text=True), max_frames=40
)


class Named(Events[Event]):
    """A listener that puts the events of several jobs into one queue.

    The queue has an outcome as its result or its error.
    """

    def __init__(self, name: str, events: queue.SimpleQueue[tuple[str, Any]]) -> None:
        super().__init__()
        self._name, self._events = name, events

    def put(self, event: Event) -> None:
        what = unwrapped(event) if isinstance(event, Done | Failed) else event
        self._events.put((self._name, what))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Start an engine with one place, and with the model in memory."""
    monkeypatch.setattr(admission, "MAX_STREAMS", 1)
    engine = Engine()
    engine.start()
    outcome(engine.submit(HELLO))
    yield engine
    assert engine.stop(10)


@pytest.fixture
def events() -> queue.SimpleQueue[tuple[str, Any]]:
    return queue.SimpleQueue()


def speech_job(stream: Stream | None = None, **changes: Any) -> SpeechJob:
    request = replace(HELLO, **changes)
    return SpeechJob(request=request, events=Events(), submitted=5.0, stream=stream)


def until_waiting(events: queue.SimpleQueue[tuple[str, Any]]) -> tuple[str, WaitingForText]:
    """Return the next event that says that a job waits for text."""
    while True:
        name, event = events.get(timeout=TIMEOUT)
        if isinstance(event, WaitingForText):
            return name, event


def until_done(events: queue.SimpleQueue[tuple[str, Any]], name: str) -> list[str]:
    """Return the names of the jobs that had events, up to the end of `name`'s job."""
    heard: list[str] = []
    while True:
        who, event = events.get(timeout=TIMEOUT)
        heard.append(who)
        if who == name and not isinstance(event, AudioChunk | WaitingForText):
            assert isinstance(event, SpeechResult), event
            return heard


def test_the_next_segment_comes_before_all_waiting_requests(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    stream = Stream(since=1.0)
    first = replace(HELLO, more_follows=True)
    engine.submit(first, stream, events=Named("first", events))
    assert isinstance(events.get(timeout=TIMEOUT)[1], AudioChunk)
    engine.submit(HELLO, Stream(since=0.5), events=Named("other", events))
    assert "other" not in until_done(events, "first")
    # The place stays reserved, however long the next segment takes to come.
    assert engine.status.streams == ()
    engine.submit(HELLO, stream, events=Named("second", events))
    assert "other" not in until_done(events, "second")
    assert set(until_done(events, "other")) == {"other"}


class Looking(Events[Event]):
    """A listener that reads the engine's figures at its first audio and at its end."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.seen: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self.hears = False

    def put(self, event: Event) -> None:
        if not self.hears or isinstance(event, Done | Failed):
            status = self.engine.status
            self.seen.put((len(status.streams), status.queued))
        self.hears = True


def test_the_figures_are_published_before_the_outcome(engine: Engine) -> None:
    done, cancelled, waiting = Looking(engine), Looking(engine), Looking(engine)
    engine.submit(HELLO, events=done)
    assert [done.seen.get(timeout=TIMEOUT) for _ in range(2)] == [(1, 0), (0, 0)]
    long = replace(HELLO, utterance=Utterance("One two three " * 20), max_frames=None)
    job = engine.submit(long, events=cancelled)
    assert cancelled.seen.get(timeout=TIMEOUT) == (1, 0)
    engine.cancel(engine.submit(HELLO, events=waiting))
    assert waiting.seen.get(timeout=TIMEOUT) == (1, 0)
    engine.cancel(job)
    assert cancelled.seen.get(timeout=TIMEOUT) == (0, 0)


def test_a_more_urgent_request_does_not_wait_for_a_reserved_place(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    engine.submit(
        replace(HELLO, more_follows=True), Stream(since=1.0), events=Named("first", events)
    )
    until_done(events, "first")
    engine.submit(replace(HELLO, priority="high"), events=Named("urgent", events))
    assert set(until_done(events, "urgent")) == {"urgent"}


def test_a_place_that_is_given_up_goes_to_the_next_request(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    stream = Stream(since=1.0)
    engine.submit(replace(HELLO, more_follows=True), stream, events=Named("first", events))
    engine.submit(HELLO, events=Named("other", events))
    until_done(events, "first")
    engine.release(stream)
    assert set(until_done(events, "other")) == {"other"}


def test_a_model_whose_stream_is_between_two_segments_is_in_use(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    stream = Stream(since=1.0)
    engine.submit(replace(HELLO, more_follows=True), stream, events=Named("first", events))
    until_done(events, "first")
    assert outcome(engine.unload("tiny-voice")).type == "modelInUse"


def test_a_request_that_waits_for_text_gives_its_place_to_others(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    live = engine.submit(LIVE, events=Named("live", events))
    engine.submit(HELLO, events=Named("other", events))
    assert set(until_done(events, "other")) <= {"live", "other"}
    engine.append_text(live, "a time", last=True)
    assert until_done(events, "live")[-1] == "live"


def test_a_job_that_waits_for_text_says_how_often_it_has_got_some(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    live = engine.submit(LIVE, events=Named("live", events))
    assert until_waiting(events) == ("live", WaitingForText(0))
    engine.append_text(live, "", last=False)
    assert until_waiting(events) == ("live", WaitingForText(1))
    engine.append_text(live, "a time", last=True)
    assert set(until_done(events, "live")) == {"live"}


def test_text_that_comes_before_the_admission_is_spoken(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    other = Stream(since=1.0)
    engine.submit(replace(HELLO, more_follows=True), other, events=Named("other", events))
    until_done(events, "other")
    live = engine.submit(LIVE, events=Named("live", events))  # waits for the reserved place
    engine.append_text(live, "a ", last=False)
    engine.append_text(live, "time", last=True)
    engine.release(other)
    seen: list[Event] = []
    while not isinstance(event := events.get(timeout=TIMEOUT)[1], SpeechResult):
        seen.append(event)
    assert not any(isinstance(event, WaitingForText) for event in seen)
    whole = outcome(engine.submit(replace(LIVE, utterance=WHOLE)))
    assert (event.figures.frames, event.figures.seed) == (whole.figures.frames, whole.figures.seed)


def test_waiting_for_text_does_not_count_as_generation(
    engine: Engine, events: queue.SimpleQueue[tuple[str, Any]]
) -> None:
    started = time.perf_counter()
    live = engine.submit(LIVE, events=Named("live", events))
    event = outcome(engine.submit(replace(HELLO, max_frames=40)))
    assert isinstance(event, SpeechResult)
    engine.append_text(live, "a time", last=True)
    while isinstance(last := events.get(timeout=TIMEOUT)[1], AudioChunk | WaitingForText):
        pass
    assert isinstance(last, SpeechResult)
    # The text was there during the whole speech of the other one.
    elapsed = time.perf_counter() - started
    assert last.figures.generation_seconds < elapsed - 0.9 * event.figures.generation_seconds


def test_waiting_jobs_are_admitted_in_the_order_of_their_requests() -> None:
    waiting, stream = AdmissionQueue(), Stream(since=0.0)
    jobs = {
        name: SpeechJob(request=replace(HELLO, priority=priority), events=Events(), submitted=since)
        for name, priority, since in [
            ("late", "normal", 3.0),
            ("early", "normal", 1.0),
            ("low", "low", 0.0),
            ("high", "high", 4.0),
        ]
    }
    waiting.reserve(speech_job(stream, more_follows=True))
    jobs["placed"] = speech_job(stream, priority="low")
    for job in jobs.values():
        waiting.add(job)
    assert waiting.remove(jobs["early"])
    assert not waiting.remove(jobs["early"])
    waiting.add(jobs["early"])
    order = [waiting.take([]) for _ in jobs]
    assert order == [jobs[name] for name in ("placed", "high", "early", "late", "low")]
    assert waiting.take([]) is None


def test_sequences_that_wait_for_their_client_have_no_place_but_are_bounded_in_number() -> None:
    """Each of them holds memory."""
    waiting, sequence = AdmissionQueue(), Mock(seconds_to_yield=0.0)
    waiting.add(speech_job())
    assert waiting.can_admit([sequence] * 31)
    assert not waiting.can_admit([sequence] * 32)
    speaking = Mock(seconds_to_yield=1.5)
    assert waiting.can_admit([speaking] * 7 + [sequence] * 24)
    assert not waiting.can_admit([speaking] * 8)
