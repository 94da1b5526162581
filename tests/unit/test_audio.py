from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sidecar import audio
from sidecar.errors import BadReferenceAudio


def wav(samples: np.ndarray, rate: int = 24000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


@given(arrays.arrays(np.float32, st.integers(0, 64), elements=st.floats(-2, 2, width=32)))
def test_s16_is_the_nearest_value_clipped(samples: np.ndarray) -> None:
    decoded = np.frombuffer(audio.pcm_s16le(samples), "<i2")
    exact = np.clip(samples.astype(np.float64) * 32768, -32768, 32767)
    assert np.abs(decoded - exact).max(initial=0) <= 0.5


def test_s16_rounds_instead_of_truncating() -> None:
    samples = (np.array([0.6, -0.6, 1.4, -1.4]) / 32768).astype(np.float32)
    assert np.frombuffer(audio.pcm_s16le(samples), "<i2").tolist() == [1, -1, 1, -1]


@given(arrays.arrays(np.float32, st.integers(0, 64), elements=st.floats(-1, 1, width=32)))
def test_f32_is_the_samples(samples: np.ndarray) -> None:
    assert np.array_equal(np.frombuffer(audio.pcm_f32le(samples), "<f4"), samples)


def test_reference_at_its_own_rate_is_untouched() -> None:
    samples = np.sin(np.arange(24000) / 20).astype(np.float32)
    assert np.array_equal(audio.read_reference(None, wav(samples), 24000), samples)


def test_reference_from_a_file_is_mixed_and_resampled(tmp_path: Path) -> None:
    time = np.arange(48000) / 48000
    left = 0.4 * np.sin(2 * np.pi * 440 * time)
    stereo = np.stack([left, np.zeros_like(left)], axis=1).astype(np.float32)
    path = tmp_path / "reference.flac"
    soundfile.write(path, stereo, 48000)
    samples = audio.read_reference(str(path), None, 24000)
    expected = 0.2 * np.sin(2 * np.pi * 440 * np.arange(24000) / 24000)
    assert samples.dtype == np.float32
    assert abs(len(samples) - 24000) <= 1
    assert np.abs(samples[200:-200] - expected[200 : len(samples) - 200]).max() < 1e-3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cannot be read"),
        (b"not audio at all", "cannot be read"),
        (wav(np.zeros(0, np.float32)), "only 0.00 s"),
        (wav(np.zeros(12000, np.float32)), "only 0.50 s"),
        (wav(np.zeros(8000 * 61, np.float32), 8000), "61 s"),
        (wav(np.full(24000, np.nan, np.float32)), "NaN"),
    ],
)
def test_references_that_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadReferenceAudio, match=reason) as caught:
        audio.read_reference(None, data, 24000)
    assert caught.value.field == "reference.audio"


def test_a_missing_file_is_a_bad_reference(tmp_path: Path) -> None:
    with pytest.raises(BadReferenceAudio, match="cannot be read") as caught:
        audio.read_reference(str(tmp_path / "nowhere.wav"), None, 24000)
    assert caught.value.field == "reference.path"
