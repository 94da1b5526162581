"""Who has waited for its client too long gives its place to a request that can go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sidecar.engine import active as active_speech
from sidecar.engine import admission
from sidecar.engine.admission import AdmissionQueue
from sidecar.engine.engine import Engine
from sidecar.engine.events import Events, SpeechResult
from sidecar.engine.request import SpeechJob, SpeechRequest
from sidecar.engine.window import Window
from sidecar.errors import Cancelled, CreditTimeout, PauseTimeout, QueueFull, SidecarError
from sidecar.limits import MAX_QUEUED, MAX_SEQUENCES, MAX_STREAMS, STARVED_SECONDS
from sidecar.models.base import Utterance
from sidecar.rpc.calls import Calls
from sidecar.synthesis.synthesis import Synthesis
from sidecar.wire.stdio import Outbox
from tests.support.jobs import outcome

PLACES = MAX_STREAMS + MAX_QUEUED


class Waiting:
    """A synthesis that has waited for text for so many seconds; None: it has some."""

    def __init__(self, seconds: float | None) -> None:
        now = time.monotonic()
        self.starves_at = math.inf if seconds is None else now - seconds + STARVED_SECONDS
        self.has_ended = False

    def give_way(self) -> None:
        self.has_ended = True


def full(*waits: float | None) -> tuple[Calls, list[Waiting]]:
    calls = Calls(Outbox())
    streams = [Waiting(seconds) for seconds in waits]
    for id in range(PLACES):
        call = calls.open(id)
        call.admit("speech")
        if id < len(streams):
            call.speech = cast(Synthesis, streams[id])
    return calls, streams


def test_the_one_that_has_waited_the_longest_makes_room() -> None:
    calls, streams = full(None, STARVED_SECONDS + 1, STARVED_SECONDS + 9, 0.0)
    calls.open("new").admit("speech")
    assert [stream.has_ended for stream in streams] == [False, False, True, False]
    assert calls.count("speech") == PLACES


@pytest.mark.parametrize(("waited", "has_text"), [(0.0, True), (None, True), (60.0, False)])
def test_nobody_makes_room_who_may_soon_go_on_or_for_another_silent_one(
    waited: float | None, has_text: bool
) -> None:
    calls, streams = full(waited)
    with pytest.raises(QueueFull) as caught:
        calls.open("new").admit("speech", has_text=has_text)
    assert not streams[0].has_ended
    assert ("1 of them for their clients" in caught.value.message) == (waited == 60.0)


def active(waited: float | None, limit: float = STARVED_SECONDS) -> Any:
    """A request that speaks, or has waited for its client for so long, of so long as it may."""
    at = math.inf if waited is None else time.perf_counter() - waited + limit
    return SimpleNamespace(starves_at=at, seconds_to_yield=math.inf if waited is None else 0.0)


def test_a_sequence_without_text_makes_room_for_one_with_text() -> None:
    queue = AdmissionQueue()
    request = SpeechRequest("m", Utterance("Hi."))
    new = [active(1.0)] * (MAX_SEQUENCES - 2)
    oldest = active(STARVED_SECONDS + 9)
    everyone = [*new, active(STARVED_SECONDS + 1), oldest]
    assert queue.find_starved(everyone) is None  # nobody needs its place
    queue.add(SpeechJob(request=request, events=Events(), submitted=0.0))
    assert queue.find_starved(everyone) is oldest
    assert queue.find_starved(everyone[1:]) is None  # there is room
    assert queue.find_starved([*new, new[0], active(None)]) is None
    # The engine looks again when the first of them has waited long enough, and not before.
    seconds = queue.seconds_to_change([*new, new[0], active(None)])
    assert STARVED_SECONDS - 2 < seconds <= STARVED_SECONDS - 1
    assert queue.seconds_to_change(everyone[2:]) == math.inf


def without_credit(engine: Engine) -> Window:
    return Window(credit=0.0, wake=engine.wake)


def paused(engine: Engine) -> Window:
    window = Window(wake=engine.wake)
    window.pause()
    return window


@pytest.mark.parametrize(
    ("window", "kind", "code"),
    [(without_credit, CreditTimeout, 1019), (paused, PauseTimeout, 1020)],
    ids=["credit", "pause"],
)
def test_a_listener_who_takes_nothing_makes_room_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
    window: Callable[[Engine], Window],
    kind: type[SidecarError],
    code: int,
) -> None:
    """The one that has waited for the longest time; not before another one needs its place."""
    monkeypatch.setattr(admission, "MAX_SEQUENCES", 2)
    monkeypatch.setattr(active_speech, "UNGRANTED_SECONDS", 0.2)
    monkeypatch.setattr(active_speech, "_CREDIT_PATIENCE", 0.0)
    request = SpeechRequest("tiny-voice", Utterance("Hello there."), seed=1, max_frames=3)
    engine = Engine()
    engine.start()
    try:
        first, second = (engine.submit(request, events=Events(window(engine))) for _ in range(2))
        while len(engine.status.streams) < 2:  # bounded by the test's own time
            time.sleep(0.01)
        speaking = engine.submit(request)
        error = outcome(first)
        assert type(error) is kind
        assert error.code == code
        assert isinstance(outcome(speaking), SpeechResult)
        engine.cancel(second)
        assert isinstance(outcome(second), Cancelled)
    finally:
        assert engine.stop(10)
