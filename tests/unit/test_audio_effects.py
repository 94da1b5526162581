"""Rate, speed, peak limit and fades."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecar.audio.formats import AudioFormat
from sidecar.audio.stream import AudioStream
from tests.support.listening import RATE, click, fundamental, samples_of, smoothness, speech, tone

PLAIN = AudioFormat("pcm_f32le", fade=False)

Cuts = list[int]
cuts = st.lists(st.integers(0, 6_000), max_size=12).map(sorted)


def noise(size: int, level: float = 0.3, seed: int = 0) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal(size)).astype(np.float32)


def formatted(**wanted: object) -> AudioFormat:
    return AudioFormat("pcm_f32le", **{"fade": False, **wanted})  # type: ignore[arg-type]


@settings(max_examples=60)
@given(
    st.sampled_from([8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 47_999, 48_000]),
    st.integers(0, 6_000),
    cuts,
)
def test_resampled_pieces_are_the_whole_resampled(rate: int, size: int, at: Cuts) -> None:
    samples = noise(size)
    made = samples_of(formatted(sample_rate=rate), *np.split(samples, at))
    assert len(made) == int(size * rate / RATE + 0.5)
    whole = soxr.resample(samples, RATE, rate, quality="HQ") if size else samples
    np.testing.assert_allclose(made, whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("hertz", [100, 440, 1_000])
def test_a_resampled_tone_is_that_tone(rate: int, hertz: int) -> None:
    pieces = np.split(tone(hertz, 1.0), range(1_920, RATE, 1_920))
    made = samples_of(formatted(sample_rate=rate), *pieces)
    middle = slice(rate // 10, -rate // 10)  # a tone that begins and ends at once rings there
    assert click(made[middle]) < 1.01 * smoothness(hertz, 0.5, rate)
    np.testing.assert_allclose(made[middle], tone(hertz, 1.0, rate=rate)[middle], atol=1e-4)


@settings(max_examples=25)
@given(st.sampled_from([0.5, 0.73, 1.2, 2.0]), cuts)
@example(0.73, [1, 2, 3, 240, 241, 479, 5_999])
def test_speed_is_the_same_however_it_is_cut(speed: float, at: Cuts) -> None:
    samples = speech()[20_000:26_000]
    audio = formatted(speed=speed)
    whole = samples_of(audio, samples)
    np.testing.assert_array_equal(samples_of(audio, *np.split(samples, at)), whole)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 1.25, 1.7, 2.0])
def test_speech_is_faster_or_slower_at_its_pitch(speed: float) -> None:
    samples = np.tile(speech(), 3)
    made = samples_of(formatted(speed=speed), *np.array_split(samples, 90))
    assert abs(len(made) - len(samples) / speed) < 0.015 * RATE
    assert fundamental(made, RATE) == pytest.approx(fundamental(samples, RATE), rel=0.02)
    assert click(made) < 1.1 * click(samples)
    assert np.std(made) == pytest.approx(np.std(samples), rel=0.1)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("hertz", [110, 200, 333])
def test_a_tone_keeps_its_pitch_at_another_speed(speed: float, hertz: int) -> None:
    made = samples_of(formatted(speed=speed), *np.split(tone(hertz, 2.0), range(777, 48_000, 777)))
    assert abs(len(made) - 48_000 / speed) < 0.015 * RATE
    middle = made[2_000 : 2_000 + 16_384]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 2**18))
    assert np.argmax(spectrum) * RATE / 2**18 == pytest.approx(hertz, rel=0.01)
    # Periods are left out to a whole sample, which a smooth overlap joins.
    assert click(middle) < 1.3 * smoothness(hertz, 0.5, RATE) + 4 / 32_768


@pytest.mark.parametrize("speed", [0.5, 2.0])
@pytest.mark.parametrize("size", [0, 1, 100, 700])
def test_speed_of_less_than_a_pitch_period(size: int, speed: float) -> None:
    made = samples_of(formatted(speed=speed), speech()[20_000 : 20_000 + size])
    assert abs(len(made) - size / speed) <= 1


def test_speed_keeps_time_over_a_minute() -> None:
    samples = np.tile(speech(), 60 * RATE // len(speech()))
    for speed in (0.5, 2.0):
        made = samples_of(formatted(speed=speed), samples)
        assert abs(len(made) - len(samples) / speed) < 0.015 * RATE


levels = st.floats(-1, 1, width=32)


@settings(max_examples=150)
@given(
    st.floats(-40, 0),
    st.lists(st.tuples(st.integers(0, 1_500), levels), max_size=8),
    st.sampled_from([0.0, 0.02, 0.5]),
    st.lists(st.integers(0, 1_500), max_size=6).map(sorted),
)
@example(-40.0, [(0, 1.0)], 0.0, [])
@example(-1.0, [(1_499, -1.0), (1_380, 1.0)], 0.5, [1_499])
def test_the_limiter(
    ceiling: float, peaks: list[tuple[int, float]], floor: float, at: Cuts
) -> None:
    samples = noise(1_500, floor)
    for place, level in peaks:
        samples[min(place, 1_499)] = level
    top = 10 ** (ceiling / 20)
    audio = formatted(peak_limit=ceiling)
    made = samples_of(audio, *np.split(samples, at))
    assert len(made) == len(samples)
    assert np.abs(made).max() <= top
    np.testing.assert_array_equal(made, samples_of(audio, samples))  # to the bit
    loud = np.flatnonzero(np.abs(samples) > top)
    first = loud[0] if len(loud) else len(samples)
    # Nothing happens before the peak comes into sight, and never if there is none.
    np.testing.assert_array_equal(
        made[: max(0, first - 120)], samples[: max(0, first - 120)], strict=True
    )
    assert (np.abs(made) <= np.abs(samples)).all()
    assert (made * samples >= 0).all()


def test_the_gain_falls_in_a_line_and_rises_slowly() -> None:
    samples = np.full(6_000, 0.1, np.float32)
    samples[2_000] = 1.0
    gain = samples_of(formatted(peak_limit=-20.0), samples) / samples
    assert gain[2_000] == pytest.approx(0.1, rel=1e-5)
    np.testing.assert_allclose(gain[1_880:2_001], np.linspace(1, 0.1, 121), atol=0.01)
    # 100 ms for all of it; the smoothing rounds its start and its end.
    np.testing.assert_allclose(gain[2_300:4_000], 0.1 + np.arange(240, 1_940) / 2_400, atol=0.02)
    np.testing.assert_array_equal(gain[4_400:], 1)


def test_the_limiter_lets_go_again_without_a_click() -> None:
    samples = tone(200, 1.0, level=0.2)
    samples[8_000:9_000] *= 4
    made = samples_of(formatted(peak_limit=-6.0), samples)
    np.testing.assert_array_equal(made[:7_870], samples[:7_870])
    np.testing.assert_array_equal(made[-12_000:], samples[-12_000:])
    assert np.abs(made[8_100:8_900]).max() == pytest.approx(10 ** (-6 / 20), rel=0.02)
    gain = made / np.where(samples == 0, np.nan, samples)
    steps = np.abs(np.diff(gain[~np.isnan(gain)]))
    assert steps.max() < 0.01


@settings(max_examples=80)
@given(st.integers(0, 1_000), st.lists(st.integers(0, 1_000), max_size=6).map(sorted))
@example(119, [])
@example(239, [100, 120])
@example(240, [1])
def test_fades(size: int, at: Cuts) -> None:
    samples = np.ones(size, np.float32)
    audio = AudioFormat("pcm_f32le", fade=True)
    made = samples_of(audio, *np.split(samples, at))
    np.testing.assert_array_equal(made, samples_of(audio, samples))
    assert len(made) == size
    np.testing.assert_allclose(made, made[::-1], atol=1e-6)
    if size:
        assert made[0] == made[-1] == 0
        assert np.abs(np.diff(made)).max(initial=0) < 0.02
    np.testing.assert_array_equal(made[120:-120], samples[120:-120])  # 5 ms at each end
    if size >= 240:
        assert (np.diff(made[:121]) >= 0).all()


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=30), st.integers(0, 30))
def test_without_anything_wanted_samples_are_left_alone(samples: list[float], at: int) -> None:
    given = np.array(samples, np.float32)
    made = samples_of(PLAIN, given[:at], given[at:])
    assert made.tobytes() == given.tobytes()


def test_pieces_are_not_changed_in_place() -> None:
    samples = speech()[20_000:22_000].copy()
    before = samples.copy()
    wanted = formatted(fade=True, peak_limit=-30.0, speed=1.3, sample_rate=16_000)
    samples_of(wanted, samples)
    np.testing.assert_array_equal(samples, before)


def test_what_is_held_back_is_as_documented() -> None:
    """docs/audio.md states the longest delay of an effect, in ms of speech."""
    for wanted, most in (
        ({"fade": True}, 5),
        ({"peak_limit": -1.0}, 5),
        ({"sample_rate": 48_000}, 40),
        ({"sample_rate": 16_000}, 40),
        ({"sample_rate": 8_000}, 80),
        ({"speed": 0.8}, 50),
        ({"speed": 1.5}, 50),
    ):
        assert _held(formatted(**wanted)) <= most, wanted


def _held(audio: AudioFormat) -> float:
    stream, longest = AudioStream(audio, RATE), 0.0
    for end in range(120, len(speech()), 120):
        stream.write(speech()[end - 120 : end])
        longest = max(longest, end / RATE - stream.samples / stream.sample_rate * audio.speed)
    return round(longest * 1000, 3)
