"""The metrics, and what records them: Ray's (`ray_metrics.py`), or the memory in a test."""

from __future__ import annotations

from collections import defaultdict
from enum import Enum
from typing import NamedTuple, Protocol


class Kind(Enum):
    """How the values of a metric add up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric, as Prometheus names it.

    Attributes:
        labels: the names of its labels; a value is recorded with all of them.
        buckets: the upper bounds of a histogram.
    """

    name: str
    kind: Kind
    description: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_FACTORS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 4.0)

REQUESTS = Metric(
    "qwen_tts_requests_total",
    Kind.COUNTER,
    "Requests that have ended, by what became of them: ok, cancelled, or the type of the error.",
    ("door", "outcome"),
)
STREAMS = Metric(
    "qwen_tts_streams", Kind.GAUGE, "Speeches that run or wait for their turn.", ("door",)
)
QUEUED = Metric("qwen_tts_queued", Kind.GAUGE, "Speeches that wait for their turn in the backend.")
FIRST_AUDIO = Metric(
    "qwen_tts_first_audio_seconds",
    Kind.HISTOGRAM,
    "Seconds from a request to its first audio.",
    ("door",),
    _SECONDS,
)
REAL_TIME_FACTOR = Metric(
    "qwen_tts_real_time_factor",
    Kind.HISTOGRAM,
    "Seconds of generation by second of audio, as the backend reports it; above 1, players wait.",
    ("door",),
    _FACTORS,
)
AUDIO = Metric(
    "qwen_tts_audio_seconds_total", Kind.COUNTER, "Seconds of audio generated.", ("door",)
)
CHARACTERS = Metric(
    "qwen_tts_characters_total", Kind.COUNTER, "Characters of text asked for.", ("door",)
)
GAPS = Metric(
    "qwen_tts_gaps_total",
    Kind.COUNTER,
    "Chunks that were generated later than their player needed them.",
    ("door",),
)
GAP_SECONDS = Metric(
    "qwen_tts_gap_seconds_total", Kind.COUNTER, "How long these players had to wait.", ("door",)
)

ALL = (
    REQUESTS,
    STREAMS,
    QUEUED,
    FIRST_AUDIO,
    REAL_TIME_FACTOR,
    AUDIO,
    CHARACTERS,
    GAPS,
    GAP_SECONDS,
)


class Instruments(Protocol):
    """Records values of the metrics."""

    def record(self, metric: Metric, value: float, **labels: str) -> None:
        """Add to a counter, set a gauge, or add a sample to a histogram."""
        ...


class Recorded:
    """Keeps in memory what was recorded, for a program without Ray."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], float] = defaultdict(float)
        self._samples: dict[tuple[str, ...], int] = defaultdict(int)

    def record(self, metric: Metric, value: float, **labels: str) -> None:
        """Record a value."""
        key = self._key(metric, labels)
        self._samples[key] += 1
        self._sums[key] = value if metric.kind is Kind.GAUGE else self._sums[key] + value

    def value(self, metric: Metric, **labels: str) -> float:
        """Return the sum of a counter or of a histogram's samples, or what a gauge was set to."""
        return self._sums[self._key(metric, labels)]

    def samples(self, metric: Metric, **labels: str) -> int:
        """Return how often a value was recorded."""
        return self._samples[self._key(metric, labels)]

    def _key(self, metric: Metric, labels: dict[str, str]) -> tuple[str, ...]:
        return (metric.name, *(labels[name] for name in metric.labels))
