"""A row alone is the row in a batch: whoever comes, goes, pauses or is cancelled beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tokenizers import Tokenizer

from sidecar.engine.models import LoadedModel
from sidecar.engine.request import SpeechRequest
from sidecar.engine.row import Row
from sidecar.engine.running import Running
from sidecar.errors import Cancelled
from sidecar.models import catalog
from sidecar.models.base import Utterance
from tests.support import batches
from tests.support.batches import Listener
from tests.support.pool import (
    LONG,
    POOL,
    bundled,
    expected,
    random_weights,
    request,
)


class Neighbours(RuleBasedStateMachine):
    """Rows come, step, pause and go in any order; every one that ends must be itself."""

    model: Callable[[], LoadedModel] = staticmethod(bundled)

    def __init__(self) -> None:
        super().__init__()
        self.running = Running()
        self.sinks: list[tuple[int, Listener]] = []

    @rule(index=st.integers(0, len(POOL) - 1))
    def come(self, index: int) -> None:
        if len(self.running) < 8:
            sink = batches.admit(self.running, self.model(), POOL[index])
            self.sinks.append((index, sink))

    @rule(times=st.integers(1, 5))
    def step(self, times: int) -> None:
        for _ in range(times):
            self.running.advance()

    @rule(pick=st.integers(0, 7))
    def go(self, pick: int) -> None:
        if pick < len(self.running):
            self.running.remove(self.running.rows[pick], Cancelled("The request was cancelled."))

    @rule(pick=st.integers(0, 7))
    def pause_or_read_on(self, pick: int) -> None:
        if pick < len(self.running):
            sink = self.running.rows[pick].job.events
            assert isinstance(sink, Listener)
            sink.reads = not sink.reads

    def teardown(self) -> None:
        for _, sink in self.sinks:
            sink.reads = True
        batches.finish(self.running)
        assert len(self.running) == 0
        for index, sink in self.sinks:
            self._check(index, sink)

    def _check(self, index: int, sink: Listener) -> None:
        codes, samples, reason = expected(index, self.model)
        chunks, end = sink.heard()
        frames = sum(len(chunk.codes) for chunk in chunks)
        if chunks:
            assert np.array_equal(np.concatenate([c.codes for c in chunks]), codes[:frames])
            heard = np.concatenate([c.samples for c in chunks])
            assert np.array_equal(heard, samples[: len(heard)])
        if not isinstance(end, Cancelled):
            assert end is not None
            assert not isinstance(end, Exception)
            assert (frames, end.finish_reason) == (len(codes), reason)


class RandomNeighbours(Neighbours):
    model = staticmethod(random_weights)


TestNeighbours = Neighbours.TestCase
TestNeighbours.settings = settings(max_examples=25, stateful_step_count=20)
TestRandomNeighbours = RandomNeighbours.TestCase
TestRandomNeighbours.settings = settings(max_examples=6, stateful_step_count=12)


def test_a_cancelled_row_is_out_after_the_frame_in_progress() -> None:
    running = Running()
    victim, neighbour = (batches.admit(running, bundled(), POOL[i]) for i in (1, 4))
    while not all(row.has_spoken for row in running.rows):
        running.advance()
    running.remove(running.rows[0], Cancelled("The request was cancelled."))
    _, end = victim.heard()
    assert isinstance(end, Cancelled)
    assert [row.job.events for row in running.rows] == [neighbour]
    batches.finish(running)
    assert victim.heard() == ([], None)
    codes, samples, _ = batches.speech(neighbour)
    assert np.array_equal(codes, expected(4)[0])
    assert np.array_equal(samples, expected(4)[1])


def spoken(running: Running, index: int = 1) -> Row:
    """A row that has begun to speak."""
    batches.admit(running, bundled(), POOL[index])
    row = running.rows[-1]
    while not row.has_spoken:
        running.advance()
    return row


def test_a_long_prompt_goes_in_pieces_between_the_frames_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Row, "is_ahead", False)
    running = Running()
    row = spoken(running)
    batches.admit(running, bundled(), LONG)
    newcomer = running.rows[-1]
    pieces = bundled().model.pieces_left(newcomer.state)
    assert pieces >= 4
    for piece in range(1, pieces):
        before = row.frames
        running.advance()
        assert row.frames > before
        assert bundled().model.pieces_left(newcomer.state) == pieces - piece


def test_first_audio_goes_before_the_audio_of_who_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Row, "is_ahead", property(lambda row: row.has_spoken))
    running = Running()
    row = spoken(running)
    batches.admit(running, bundled(), LONG)
    newcomer = running.rows[-1]
    running.advance()  # one of its frames may have been on its way
    before = row.frames
    while not newcomer.has_spoken:
        running.advance()
    assert row.frames <= before + 1
    batches.finish(running)
    assert len(running) == 0


def test_a_short_prompt_does_not_wait_for_a_long_one() -> None:
    running = Running()
    batches.admit(running, bundled(), LONG)
    running.advance()
    batches.admit(running, bundled(), POOL[2])
    long, short = running.rows
    while not short.has_spoken:
        running.advance()
    assert not long.prefilled


def test_low_priority_yields_to_a_first_audio() -> None:
    running = Running()
    low = request("Something for later, of low priority.", frames=12, seed=8, priority="low")
    batches.admit(running, bundled(), low)
    row = running.rows[0]
    while row.frames < 2:
        running.advance()
    batches.admit(running, bundled(), POOL[0])
    newcomer = running.rows[1]
    running.advance()
    before = row.frames
    while not newcomer.has_spoken:
        running.advance()
    assert row.frames <= before + 1


def test_low_priority_yields_to_who_is_not_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Row, "is_ahead", property(lambda row: row.job.request.priority == "low"))
    running = Running()
    low = request("Something for later, of low priority.", frames=12, seed=8, priority="low")
    batches.admit(running, bundled(), low)
    row = running.rows[0]
    while not row.has_spoken:
        running.advance()
    other = spoken(running)
    before = row.frames
    while running.find(other.job):
        running.advance()
    assert row.frames <= before + 1
    batches.finish(running)
    assert row.frames == 12


def test_text_that_comes_late_makes_the_same_speech() -> None:
    first, *later = pieces = ["Text", " that", " is", " still", " being", " written."]
    whole = batches.alone(bundled(), request("".join(pieces), "stream", 40, seed=9))
    running = Running()
    open_request = SpeechRequest(
        "tiny-voice", Utterance(first, text_mode="stream", more_text=True), seed=9, max_frames=40
    )
    sink, neighbour = (batches.admit(running, bundled(), r) for r in (open_request, POOL[4]))
    row = running.rows[0]
    tokenizer = Tokenizer.from_file(str(catalog.resolve("tiny-voice").path / "tokenizer.json"))
    tokens = len(tokenizer.encode(first))
    for piece in later:
        batches.finish(running)  # until all that could be said is said, and heard
        assert row.frames == tokens - 1  # the first one is in the prompt
        assert row.samples == row.frames * 1920
        bundled().model.append_text(row.state, piece, last=False)
        tokens += len(tokenizer.encode(piece))
    assert np.array_equal(batches.speech(neighbour)[1], expected(4)[1])
    bundled().model.append_text(row.state, "", last=True)
    batches.finish(running)
    codes, samples, reason = batches.speech(sink)
    assert np.array_equal(codes, whole[0])
    assert np.array_equal(samples, whole[1])
    assert reason == whole[2]
