from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sidecar.audio import pcm


@given(arrays.arrays(np.float32, st.integers(0, 64), elements=st.floats(-2, 2, width=32)))
def test_s16_is_the_nearest_value_clipped(samples: np.ndarray) -> None:
    decoded = np.frombuffer(pcm.encode_s16le(samples), "<i2")
    exact = np.clip(samples.astype(np.float64) * 32768, -32768, 32767)
    assert np.abs(decoded - exact).max(initial=0) <= 0.5


def test_s16_rounds_instead_of_truncating() -> None:
    samples = (np.array([0.6, -0.6, 1.4, -1.4]) / 32768).astype(np.float32)
    assert np.frombuffer(pcm.encode_s16le(samples), "<i2").tolist() == [1, -1, 1, -1]


@given(arrays.arrays(np.float32, st.integers(0, 64), elements=st.floats(-1, 1, width=32)))
def test_f32_is_the_samples(samples: np.ndarray) -> None:
    assert np.array_equal(np.frombuffer(pcm.encode_f32le(samples), "<f4"), samples)
