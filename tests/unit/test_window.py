"""How far the engine may be ahead: the window of a stream, against a model of it."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.engine.window import Window

SECONDS = st.integers(1, 40).map(lambda n: n / 16)  # exact as floats
WHO = st.sampled_from(["engine", "reader", "grant", "pause", "resume"])
STEPS = st.lists(st.tuples(WHO, SECONDS), max_size=80)


@settings(max_examples=300)
@given(STEPS, SECONDS | st.just(math.inf), SECONDS | st.just(0.0) | st.just(math.inf))
def test_no_chunk_begins_beyond_the_bounds_and_each_pause_ends(
    steps: list[tuple[str, float]], ahead: float, credit: float
) -> None:
    wakes: list[bool] = []
    window = Window(ahead, credit, lambda: wakes.append(True))
    waiting: list[float] = []
    sent, granted, is_refused, is_paused = 0.0, credit, False, False

    def has_credit() -> bool:
        return sent + sum(waiting) < granted

    def is_open() -> bool:
        return sum(waiting) < ahead and has_credit() and not is_paused

    for who, seconds in steps:
        wakes.clear()
        if who == "engine":
            assert window.has_room() == is_open()
            expected = "resume" if is_paused else None if has_credit() else "credit"
            assert window.waits_for == expected
            assert has_credit() or window.dry_since is not None
            is_refused = not is_open()
            if not is_refused:
                window.make(seconds)
                waiting.append(seconds)
            continue
        if who == "grant":
            granted += seconds
            window.grant(seconds)
        elif who == "pause":
            is_paused = True
            window.pause()
        elif who == "resume":
            is_paused = False
            window.resume()
        elif waiting:
            sent += waiting[0]
            window.send(waiting[0])
            window.take(waiting.pop(0))
        assert bool(wakes) == (is_refused and is_open())
        is_refused = is_refused and not is_open()


def test_audio_that_is_being_made_counts() -> None:
    window = Window(credit=1.0)
    assert window.has_room(0.5)
    assert not window.has_room(1.0)
    window.speed = 2.0  # two seconds made are one second heard
    assert window.has_room(1.5)
