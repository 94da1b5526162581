"""Other families: turns in the middle of a step, and their convolutions on a CPU."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, SpeechResult
from sidecar.engine.request import SpeechRequest
from sidecar.errors import Cancelled
from sidecar.models.base import Utterance
from sidecar.models.generators import convolutions, kokoro, stepping
from tests.support.families.speaking import request, speak
from tests.support.jobs import heard, outcome

pytestmark = pytest.mark.filterwarnings("ignore:Model.from_pretrained:DeprecationWarning")
SIZES = st.integers(1, 9)


@pytest.fixture
def shortest_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every evaluation ends a turn."""
    monkeypatch.setattr(stepping, "_TURN_SECONDS", -1.0)


@pytest.mark.usefixtures("shortest_turns")
def test_another_model_speaks_and_a_cancel_takes_effect_in_the_middle_of_a_step(
    engine: Engine, folders: dict[str, str]
) -> None:
    name = "outetts"
    long = request(name, folders, max_frames=400, utterance={"text": "One two three. " * 20})
    slow = engine.submit(long)
    hello = SpeechRequest("tiny-voice", Utterance("Hi."), seed=1, max_frames=6)
    assert isinstance(outcome(engine.submit(hello)), SpeechResult)
    engine.cancel(slow)
    chunks, error = heard(slow)
    assert isinstance(error, Cancelled)
    assert chunks == []  # its first step has not come to its end
    assert speak(engine, request(name, folders))[1].samples > 0


@pytest.mark.usefixtures("shortest_turns")
def test_each_turn_is_progress_to_the_watchdog(engine: Engine, folders: dict[str, str]) -> None:
    """A step that is only slow is not taken for a hang: the watchdog looks at what has begun."""
    speak(engine, request("outetts", folders))
    before = engine.heartbeat.beats
    job = engine.submit(request("outetts", folders))
    first = next(iter(job))
    assert isinstance(first, AudioChunk)
    assert engine.heartbeat.beats - before > 20
    heard(job)


def test_turns_change_no_audio(
    engine: Engine, folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = speak(engine, request("outetts", folders))[0]
    monkeypatch.setattr(stepping, "_TURN_SECONDS", -1.0)
    assert np.array_equal(speak(engine, request("outetts", folders))[0], whole)


@pytest.mark.usefixtures("shortest_turns")
def test_a_call_is_left_where_it_evaluates_and_is_unwound_when_it_is_closed() -> None:
    seen: list[str] = []

    def call() -> Generator[str]:
        try:
            mx.eval(mx.zeros(1))
            seen.append("evaluated")
            yield "first"
            mx.async_eval(mx.zeros(1))
            yield "second"
        finally:
            seen.append("closed")

    own = mx.eval
    turns = stepping.in_turns(call())
    assert next(turns) is None
    assert seen == []
    assert mx.eval is own
    assert next(turns) == "first"
    assert next(turns) is None
    turns.close()
    assert seen == ["evaluated", "closed"]
    assert list(stepping.in_turns(call())) == [None, "first", None, "second"]


def test_the_error_of_a_call_is_raised_where_it_was_entered() -> None:
    def call() -> Generator[str]:
        yield "first"
        raise ValueError("a bug in a family")

    turns = stepping.in_turns(call())
    assert next(turns) == "first"
    with pytest.raises(ValueError, match="a bug in a family"):
        next(turns)
    assert list(turns) == []


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 2),
    time=st.integers(1, 30),
    channels=st.tuples(SIZES, SIZES),
    kernel=SIZES,
    padding=st.integers(0, 8),
    dilation=st.integers(1, 5),
)
def test_a_convolution_by_products_is_mlx_s(
    rows: int, time: int, channels: tuple[int, int], kernel: int, padding: int, dilation: int
) -> None:
    assume(time + 2 * padding > (kernel - 1) * dilation)
    x, weight = _random(rows, time, channels[0]), _random(channels[1], kernel, channels[0])
    _assert_close(
        convolutions.conv1d(x, weight, padding=padding, dilation=dilation),
        mx.conv1d(x, weight, padding=padding, dilation=dilation),
    )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 2),
    time=st.integers(1, 30),
    channels=st.tuples(SIZES, SIZES),
    kernel=st.integers(1, 20),
    stride=st.integers(1, 10),
    padding=st.integers(0, 8),
    more=st.integers(0, 9),
    depthwise=st.booleans(),
)
def test_a_transposed_convolution_by_products_is_mlx_s(
    rows: int,
    time: int,
    channels: tuple[int, int],
    kernel: int,
    stride: int,
    padding: int,
    more: int,
    depthwise: bool,
) -> None:
    assume(more < stride and padding < kernel)
    assume((time - 1) * stride + kernel + more > 2 * padding)
    inputs, outputs = (channels[0], channels[0]) if depthwise else channels
    x = _random(rows, time, inputs)
    weight = _random(outputs, kernel, 1 if depthwise else inputs)
    options: dict[str, Any] = {
        "padding": padding,
        "output_padding": more,
        "groups": inputs if depthwise else 1,
    }
    _assert_close(
        convolutions.conv_transpose1d(x, weight, stride, **options),
        mx.conv_transpose1d(x, weight, stride, **options),
    )


@pytest.mark.parametrize("time", [5, 700])
def test_kokoros_residual_blocks_are_mlx_audios(time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlx_audio.tts.models.kokoro.istftnet import AdaINResBlock1

    monkeypatch.setattr(kokoro, "_BLOCK", 64 * 100)  # several blocks, which meet at their edges
    block: Any = AdaINResBlock1(64, 7, (1, 3, 5), style_dim=16)
    for at, convolution in enumerate((*block.convs1, *block.convs2)):
        convolution.weight_v = _random(64, 7, 64, seed=at)
        convolution.bias = _random(64, seed=at + 10)
    for at in range(3):
        block.alpha1[at] = mx.abs(_random(1, 64, 1, seed=at + 20)) + 0.2
    x, style = _random(1, 64, time), _random(1, 16)
    _assert_close(kokoro.ResidualBlock(block)(x, style), block(x, style), tolerance=1e-3)


def _random(*shape: int, seed: int = 0) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed))


def _assert_close(one: mx.array, other: mx.array, tolerance: float = 1e-4) -> None:
    assert one.shape == other.shape
    assert mx.allclose(one, other, rtol=tolerance, atol=tolerance)
