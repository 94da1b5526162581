"""Who has waited for text too long gives its place to a request that has text."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import pytest

from sidecar.engine.admission import AdmissionQueue
from sidecar.engine.events import Events
from sidecar.engine.request import SpeechJob, SpeechRequest
from sidecar.errors import QueueFull
from sidecar.limits import MAX_QUEUED, MAX_SEQUENCES, MAX_STREAMS, STARVED_SECONDS
from sidecar.models.base import Utterance
from sidecar.rpc.calls import Calls
from sidecar.wire.stdio import Outbox

PLACES = MAX_STREAMS + MAX_QUEUED


class Waiting:
    """A synthesis that has waited for text for so many seconds; None: it has some."""

    def __init__(self, seconds: float | None) -> None:
        self.starved_since = None if seconds is None else time.monotonic() - seconds
        self.has_ended = False

    def starve(self) -> None:
        self.has_ended = True


def full(*waits: float | None) -> tuple[Calls, list[Waiting]]:
    calls = Calls(Outbox())
    streams = [Waiting(seconds) for seconds in waits]
    for id in range(PLACES):
        call = calls.open(id)
        call.admit("speech")
        if id < len(streams):
            call.starving = streams[id]
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
    assert ("1 of them for more of their text" in caught.value.message) == (waited == 60.0)


def active(waited: float | None) -> Any:
    """A request that speaks, or has waited for text for so long."""
    since = None if waited is None else time.perf_counter() - waited
    return SimpleNamespace(starved_since=since, seconds_to_yield=math.inf if since is None else 0.0)


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
