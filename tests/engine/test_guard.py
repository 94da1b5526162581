"""Speech that does not end is ended, at the documented thresholds and not before."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.engine.request import SpeechRequest
from sidecar.engine.runaway import RunawayGuard
from sidecar.errors import GenerationFailed, OutOfMemory
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.backend import METAL
from sidecar.models.qwen3_tts.model import Qwen3TTS
from sidecar.models.qwen3_tts.transformer import Stack
from sidecar.models.slots import Slot
from tests.support import batches
from tests.support.pool import POOL, bundled, expected

SAMPLES = 64  # per frame; the guard takes any number
# As protocol/README.md says: 5 s below −55 dBFS, or a pattern of up to 2 s for 8 s. A frame is
# 80 ms.
SILENT_FRAMES = int(5 / 0.08)
SILENCE_RMS = 10 ** (-55 / 20)
CYCLE_PERIODS = int(2 / 0.08)
CYCLE_FRAMES = int(8 / 0.08)


def ended_at(codes: list[int], loudness: list[float], sizes: list[int]) -> int | None:
    """Return how many frames the guard had taken when it noticed; None if it never did."""
    guard, at = RunawayGuard(), 0
    for size in sizes:
        part = slice(at, at + size)
        if not codes[part]:
            break
        first = np.array(codes[part], np.int32)[:, None]
        samples = np.repeat(np.array(loudness[part], np.float32), SAMPLES)
        at += len(first)
        if guard.is_runaway(first, samples):
            return at
    return None


def chunks_of(size: int) -> list[int]:
    return [size] * 1000


@pytest.mark.parametrize("size", [1, 12, 50])
def test_near_silence_ends_after_its_time(size: int) -> None:
    codes = np.random.default_rng(1).integers(0, 2000, 300).tolist()
    quiet = [0.5] * 30 + [SILENCE_RMS * 0.9] * 270
    at = ended_at(codes, quiet, chunks_of(size))
    assert at is not None
    assert 30 + SILENT_FRAMES <= at < 30 + SILENT_FRAMES + size


def test_pauses_do_not_end_it() -> None:
    codes = np.random.default_rng(1).integers(0, 2000, 9 * SILENT_FRAMES).tolist()
    pauses = ([0.0] * (SILENT_FRAMES - 1) + [0.3]) * 9
    assert ended_at(codes, pauses, chunks_of(7)) is None
    whisper = [SILENCE_RMS * 1.1] * len(codes)
    assert ended_at(codes, whisper, chunks_of(7)) is None


@given(st.integers(1, CYCLE_PERIODS), st.integers(1, 30), st.integers(0, 99))
def test_a_repeating_pattern_ends_after_its_time(period: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    speech = rng.choice(1000, 40, replace=False).tolist()
    pattern = (1000 + rng.choice(900, period, replace=False)).tolist()
    codes = speech + pattern * 200
    at = ended_at(codes, [0.5] * len(codes), chunks_of(size))
    first = 40 + period + CYCLE_FRAMES
    assert at is not None
    assert first <= at < first + size


@given(st.integers(0, 99))
def test_speech_that_repeats_itself_for_a_while_goes_on(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes: list[int] = []
    while len(codes) < 1500:
        codes += rng.integers(0, 50, 3).tolist() * int(rng.integers(1, 20))
        codes += rng.integers(50, 2000, 4).tolist()
    assert ended_at(codes, [0.2] * len(codes), chunks_of(12)) is None


@pytest.fixture
def silent_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(model: Qwen3TTS, rows: list[Any], codes: list[mx.array]) -> list[mx.array]:
        return [mx.zeros(len(part) * 1920) for part in codes]

    monkeypatch.setattr(Qwen3TTS, "decode", decode)


@pytest.mark.usefixtures("silent_codec")
@pytest.mark.parametrize(("stop", "reason"), [(True, "runaway"), (False, "length")])
def test_the_engine_ends_it_unless_the_request_forbids_that(stop: bool, reason: str) -> None:
    text = "One, two, three, four, five, six, seven, eight. " * 8
    request = SpeechRequest("tiny-voice", Utterance(text), seed=1, max_frames=90, stop_runaway=stop)
    codes, samples, ended = batches.alone(bundled(), request)
    assert ended == reason
    assert len(samples) == len(codes) * 1920
    assert len(codes) < 90 if stop else len(codes) == 90


@pytest.mark.parametrize("part", ["output", "predictor's output", "audio"])
def test_a_sequence_whose_numbers_fail_fails_alone(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = batches.new_runner()
    victim, neighbour = (batches.admit(runner, bundled(), POOL[i]) for i in (1, 4))
    while not all(row.has_spoken for row in runner.active):
        runner.advance()
    poison = mx.array([[float("nan")]])
    state = runner.active[0].state
    if part == "output":
        state.talker.logits = Slot(mx.broadcast_to(poison, (1, 1536)), 0)
    elif part == "predictor's output":
        state.talker.hidden = Slot(mx.broadcast_to(poison[None], (1, 1, 256)), 0)
    else:
        dead = state.codec.memories[0]
        state.codec.memories[0] = [Slot(mx.full(s.array.shape, float("inf")), s.row) for s in dead]
    batches.finish(runner)
    _, error = victim.heard()
    assert isinstance(error, GenerationFailed)
    assert part.split()[-1] in error.message
    codes, samples, _ = batches.speech(neighbour)
    assert np.array_equal(codes, expected(4)[0])
    assert np.array_equal(samples, expected(4)[1])


@pytest.mark.parametrize("together", [False, True], ids=["apart", "together"])
@pytest.mark.parametrize("calls", [1, 8], ids=["in the predictor", "in the talker"])
def test_a_sequence_whose_frame_cannot_be_built_fails_alone(
    calls: int, together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every batch with this sequence fails; the frame of the others is built again without it."""
    loaded = batches.load("tiny-voice", backend=METAL) if together else bundled()
    alone = {i: batches.alone(loaded, POOL[i]) for i in (4, 5)}
    runner = batches.new_runner()
    sinks = {i: batches.admit(runner, loaded, POOL[i]) for i in (4, 1, 5)}
    state, left = runner.active[1].state, -1
    frame, stack = Qwen3TTS.frame, Stack.__call__

    def faulty_frame(self: Qwen3TTS, rows: Any, sampler: Any) -> mx.array:
        nonlocal left
        left = calls if state in rows and runner.active[1].started == 4 else -1
        return frame(self, rows, sampler)

    def faulty_stack(self: Stack, *args: Any) -> mx.array:
        nonlocal left
        y = stack(self, *args)  # keys and values are written by now
        left -= 1
        if left == 0:
            raise MemoryError("unable to allocate")
        return y

    monkeypatch.setattr(Qwen3TTS, "frame", faulty_frame)
    monkeypatch.setattr(Stack, "__call__", faulty_stack)
    batches.finish(runner)
    chunks, error = sinks[1].heard()
    assert isinstance(error, OutOfMemory)
    assert sum(len(chunk.codes) for chunk in chunks) <= 4
    for index in (4, 5):
        codes, samples, _ = batches.speech(sinks[index])
        assert np.array_equal(codes, alone[index][0])
        assert np.abs(samples - alone[index][1]).max() <= (1e-4 if together else 0)
