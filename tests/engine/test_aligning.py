"""An alignment takes turns with speech on the engine's thread, and can be cancelled."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.events import Alignment, SpeechResult
from sidecar.engine.request import Excerpt, SpeechRequest
from sidecar.errors import Cancelled
from sidecar.models.aligners.qwen3.aligner import ForcedAligner
from sidecar.models.base import Utterance
from tests.support.harness import ROOT
from tests.support.jobs import heard, outcome

ALIGNER = str(ROOT / "tests" / "data" / "tiny-aligner")
EXCERPT = Excerpt(np.zeros(16000, np.float32), 16000, ("one",), "english")
REQUEST = SpeechRequest("tiny-voice", Utterance("Hi."), seed=1, max_frames=3)
# Far more evaluations than there are until the speech has ended.
MOST = 2_000_000


class LongAlignment:
    """An alignment that evaluates arrays until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.was_unwound = threading.Event()

    def align(self, *_arguments: Any) -> list[tuple[float, float]]:
        x = mx.zeros(8)
        try:
            for _ in itertools.takewhile(lambda _number: not self.may_end.is_set(), range(MOST)):
                x = x + 1
                mx.eval(x)
                self.began.set()
        except BaseException:
            self.was_unwound.set()
            raise
        assert self.may_end.is_set(), "nobody else had a turn"
        return [(0.25, 0.5)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    yield engine
    assert engine.stop(10)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> LongAlignment:
    long = LongAlignment()
    monkeypatch.setattr(ForcedAligner, "align", long.align)
    return long


def test_speech_has_its_frames_while_an_alignment_goes_on(
    engine: Engine, long: LongAlignment
) -> None:
    job = engine.align(ALIGNER, EXCERPT)
    assert long.began.wait(60)
    chunks, result = heard(engine.submit(REQUEST))
    assert isinstance(result, SpeechResult)
    assert chunks
    long.may_end.set()
    found = outcome(job)
    assert isinstance(found, Alignment)
    assert found.times == [(0.25, 0.5)]


def test_an_alignment_is_cancelled_in_its_middle(engine: Engine, long: LongAlignment) -> None:
    job, waiting = engine.align(ALIGNER, EXCERPT), engine.align(ALIGNER, EXCERPT)
    assert long.began.wait(60)
    engine.cancel(job)
    assert isinstance(outcome(job), Cancelled)
    assert long.was_unwound.wait(60)
    long.may_end.set()
    assert isinstance(outcome(waiting), Alignment)
    assert isinstance(outcome(engine.submit(REQUEST)), SpeechResult)
