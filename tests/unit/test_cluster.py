"""The parts of cluster/ that count: credit, allowances, the meter, and the number of replicas."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen_tts_cluster.autoscaling import STARVING, STREAMS, StreamsPolicy
from qwen_tts_cluster.doors.credit import AcknowledgedCredit
from qwen_tts_cluster.doors.socket import Allowance
from qwen_tts_cluster.errors import SettingsError, SpeechError
from qwen_tts_cluster.meter import Meter
from qwen_tts_cluster.settings import read_settings

LIMIT = 10_000.0


@dataclass
class Clock:
    """A clock that a test moves."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Line:
    """A stream whose generator sends all that it has credit for, at once."""

    asked: float
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.credit = AcknowledgedCredit(self.asked, LIMIT, self._grant, self.clock)
        self.granted = self.credit.passed_on
        self.sent = 0.0

    def _grant(self, ms: float) -> None:
        self.granted += ms

    def run(self) -> None:
        while self.sent < self.granted:
            step = min(960.0, self.granted - self.sent)
            self.sent += step
            self.credit.leave(step)


@given(
    st.floats(0, 1e6),
    st.lists(st.tuples(st.sampled_from(["grant", "wait"]), st.floats(0, 1e5)), max_size=20),
)
def test_what_is_unacknowledged_is_bounded_and_nothing_beyond_what_was_asked(
    asked: float, steps: list[tuple[str, float]]
) -> None:
    async def run() -> None:
        line = Line(asked)
        line.run()
        granted = 0.0
        for kind, amount in steps:
            if kind == "grant":
                granted += amount
                line.credit.ask(amount)
            else:
                line.clock.at += amount / 1000
                line.credit.ask(0.0)  # As its timer does.
            line.run()
            assert line.sent <= asked + granted + 1e-3
            # Acknowledged by no more than was granted after the start, or by the time of playing.
            assert line.sent <= max(granted, line.clock.at * 1000) + LIMIT + 1e-3
        line.credit.end()

    asyncio.run(run())


def test_who_grants_what_was_read_is_never_slowed_down() -> None:
    async def run() -> None:
        line = Line(5000)
        read = 0.0
        for _ in range(100):
            line.run()
            new, read = line.sent - read, line.sent
            assert new > 0
            line.credit.ask(new)
        assert line.sent >= 100 * 4000
        line.credit.end()

    asyncio.run(run())


def test_credit_that_was_given_at_once_is_passed_on_as_time_passes() -> None:
    async def run() -> None:
        line = Line(1e9, Clock())
        line.run()
        assert line.sent == LIMIT
        line.clock.at = 30.0
        async with asyncio.timeout(10):
            while line.granted == LIMIT:  # Its timer passes it on.
                await asyncio.sleep(0.01)
        line.run()
        assert line.sent == pytest.approx(30_000 + LIMIT)
        line.credit.end()

    asyncio.run(run())


def test_an_allowance_is_a_burst_and_then_a_rate() -> None:
    clock = Clock()
    allowance = Allowance(1000, 100, clock)
    assert [allowance.take(500), allowance.take(500)] == [0, 0]
    assert allowance.take(50) == pytest.approx(0.5)
    clock.at = 1000.0
    assert [allowance.take(1000), allowance.take(10)] == [0, pytest.approx(0.1)]


def test_the_meter_refuses_beyond_its_limit_and_says_how_far_audio_is_ahead() -> None:
    clock = Clock()
    meter = Meter(2, clock)
    with meter.speech() as first, meter.speech() as second:
        assert (meter.streams, meter.ahead_seconds) == (2, None)
        with pytest.raises(SpeechError) as refused, meter.speech():
            pass
        assert refused.value.type == "queueFull"
        first.sent(3000)
        second.sent(500)
        clock.at = 1.0
        assert meter.ahead_seconds == -0.5
        second.held(True)  # It waits for its client: that says nothing about the replica.
        assert meter.ahead_seconds == 2
        second.held(False)
        assert meter.ahead_seconds == 2
        second.sent(100)
        assert meter.ahead_seconds == pytest.approx(0.1)
    assert meter.streams == 0


@dataclass
class Context:
    """What Serve tells a policy."""

    current_num_replicas: int
    aggregated_metrics: dict[str, dict[Any, float]] | None


@pytest.mark.parametrize(
    ("replicas", "streams", "starving", "wanted"),
    [
        (1, [], [], 1),
        (1, [8], [0], 1),
        (1, [9], [0], 2),
        (3, [8, 8, 8], [0, 0, 0], 3),
        (3, [1, 0, 0], [0, 0, 0], 1),
        (2, [3, 3], [0, 1], 3),
        (4, [30, 30, 30, 30], [1, 1, 1, 1], 15),
    ],
)
def test_the_number_of_replicas_follows_streams_and_starvation(
    replicas: int, streams: list[float], starving: list[float], wanted: int
) -> None:
    metrics: dict[str, dict[Any, float]] = {
        STREAMS: dict(enumerate(streams)),
        STARVING: dict(enumerate(starving)),
    }
    assert StreamsPolicy(8)(Context(replicas, metrics)) == (wanted, {})


def test_without_figures_a_replica_stays() -> None:
    assert StreamsPolicy(8)(Context(1, None)) == (1, {})


@pytest.mark.parametrize(
    ("given_settings", "named"),
    [
        ({"backnd": {}}, "backnd"),
        ({"scaling": {"minReplicas": "two"}}, "minReplicas"),
        ({"backend": {"sidecar": {}, "openai": {"baseUrl": "http://x", "model": "m"}}}, "both"),
    ],
)
def test_wrong_settings_are_named(given_settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_settings(given_settings)
