"""A sequence alone is the same in a batch, whatever joins, leaves, pauses or is cancelled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tokenizers import Tokenizer

from sidecar.engine.batch_runner import BatchRunner
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.request import SpeechRequest
from sidecar.engine.sequence import Sequence
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
    """Sequences join, step, pause and leave in any order; each must be as it is alone."""

    model: Callable[[], LoadedModel] = staticmethod(bundled)

    def __init__(self) -> None:
        super().__init__()
        self.runner = batches.new_runner()
        self.sinks: list[tuple[int, Listener]] = []

    @rule(index=st.integers(0, len(POOL) - 1))
    def come(self, index: int) -> None:
        if len(self.runner.active) < 8:
            sink = batches.admit(self.runner, self.model(), POOL[index])
            self.sinks.append((index, sink))

    @rule(times=st.integers(1, 5))
    def step(self, times: int) -> None:
        for _ in range(times):
            self.runner.advance()

    @rule(pick=st.integers(0, 7))
    def go(self, pick: int) -> None:
        if pick < len(self.runner.active):
            self.runner.cancel(
                self.runner.active[pick].job, Cancelled("The request was cancelled.")
            )

    @rule(pick=st.integers(0, 7))
    def pause_or_read_on(self, pick: int) -> None:
        if pick < len(self.runner.active):
            sink = self.runner.active[pick].job.events
            assert isinstance(sink, Listener)
            sink.reads = not sink.reads

    @rule()
    def forget(self) -> None:
        """Compute the next prompt from its beginning, and those after it from its head's end."""
        self.model().model.forget_prompts()

    def teardown(self) -> None:
        for _, sink in self.sinks:
            sink.reads = True
        batches.finish(self.runner)
        assert len(self.runner.active) == 0
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
            assert (frames, end.figures.finish_reason) == (len(codes), reason)


class RandomNeighbours(Neighbours):
    model = staticmethod(random_weights)


TestNeighbours = Neighbours.TestCase
TestNeighbours.settings = settings(max_examples=25, stateful_step_count=20)
TestRandomNeighbours = RandomNeighbours.TestCase
TestRandomNeighbours.settings = settings(max_examples=6, stateful_step_count=12)


def test_a_cancelled_sequence_is_out_after_the_frame_in_progress() -> None:
    runner = batches.new_runner()
    victim, neighbour = (batches.admit(runner, bundled(), POOL[i]) for i in (1, 4))
    while not all(row.has_spoken for row in runner.active):
        runner.advance()
    runner.cancel(runner.active[0].job, Cancelled("The request was cancelled."))
    _, end = victim.heard()
    assert isinstance(end, Cancelled)
    assert [row.job.events for row in runner.active] == [neighbour]
    batches.finish(runner)
    assert victim.heard() == ([], None)
    codes, samples, _ = batches.speech(neighbour)
    assert np.array_equal(codes, expected(4)[0])
    assert np.array_equal(samples, expected(4)[1])


def spoken(runner: BatchRunner, index: int = 1) -> Sequence:
    """Return a sequence that has begun to speak."""
    batches.admit(runner, bundled(), POOL[index])
    row = runner.active[-1]
    while not row.has_spoken:
        runner.advance()
    return row


def test_a_long_prompt_goes_in_pieces_between_the_frames_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sequence, "is_ahead", False)
    runner = batches.new_runner()
    row = spoken(runner)
    batches.admit(runner, bundled(), LONG)
    newcomer = runner.active[-1]
    pieces = bundled().model.pieces_left(newcomer.state)
    assert pieces >= 4
    for piece in range(1, pieces):
        before = row.frames
        runner.advance()
        assert row.frames > before
        assert bundled().model.pieces_left(newcomer.state) == pieces - piece


def test_first_audio_goes_before_audio_that_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sequence, "is_ahead", property(lambda row: row.has_spoken))
    runner = batches.new_runner()
    row = spoken(runner)
    batches.admit(runner, bundled(), LONG)
    newcomer = runner.active[-1]
    runner.advance()  # one of its frames may have been on its way
    before = row.frames
    while not newcomer.has_spoken:
        runner.advance()
    assert row.frames <= before + 1
    batches.finish(runner)
    assert len(runner.active) == 0


def test_a_short_prompt_does_not_wait_for_a_long_one() -> None:
    runner = batches.new_runner()
    batches.admit(runner, bundled(), LONG)
    runner.advance()
    batches.admit(runner, bundled(), POOL[2])
    long, short = runner.active
    while not short.has_spoken:
        runner.advance()
    assert not long.prefilled


def test_low_priority_yields_to_a_first_audio() -> None:
    runner = batches.new_runner()
    low = request("Something for later, of low priority.", frames=12, seed=8, priority="low")
    batches.admit(runner, bundled(), low)
    row = runner.active[0]
    while row.frames < 2:
        runner.advance()
    batches.admit(runner, bundled(), POOL[0])
    newcomer = runner.active[1]
    runner.advance()
    before = row.frames
    while not newcomer.has_spoken:
        runner.advance()
    assert row.frames <= before + 1


def test_low_priority_yields_to_a_sequence_that_is_not_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        Sequence, "is_ahead", property(lambda row: row.job.request.priority == "low")
    )
    runner = batches.new_runner()
    low = request("Something for later, of low priority.", frames=12, seed=8, priority="low")
    batches.admit(runner, bundled(), low)
    row = runner.active[0]
    while not row.has_spoken:
        runner.advance()
    other = spoken(runner)
    before = row.frames
    while runner.find(other.job):
        runner.advance()
    assert row.frames <= before + 1
    batches.finish(runner)
    assert row.frames == 12


def test_text_that_comes_late_makes_the_same_speech() -> None:
    first, *later = pieces = ["Text", " that", " is", " still", " being", " written."]
    whole = batches.alone(bundled(), request("".join(pieces), "stream", 40, seed=9))
    runner = batches.new_runner()
    open_request = SpeechRequest(
        "tiny-voice", Utterance(first, text_mode="stream", more_text=True), seed=9, max_frames=40
    )
    sink, neighbour = (batches.admit(runner, bundled(), r) for r in (open_request, POOL[4]))
    row = runner.active[0]
    tokenizer = Tokenizer.from_file(str(catalog.resolve("tiny-voice").path / "tokenizer.json"))
    tokens = len(tokenizer.encode(first))
    for piece in later:
        batches.finish(runner)  # until all that could be said is said, and heard
        assert row.frames == tokens - 1  # the first one is in the prompt
        assert row.samples == row.frames * 1920
        bundled().model.append_text(row.state, piece, last=False)
        tokens += len(tokenizer.encode(piece))
    assert np.array_equal(batches.speech(neighbour)[1], expected(4)[1])
    bundled().model.append_text(row.state, "", last=True)
    batches.finish(runner)
    codes, samples, reason = batches.speech(sink)
    assert np.array_equal(codes, whole[0])
    assert np.array_equal(samples, whole[1])
    assert reason == whole[2]
