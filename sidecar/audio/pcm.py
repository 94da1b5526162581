"""float32 samples → PCM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def pcm_s16le(samples: Samples) -> bytes:
    """float32 in [-1, 1] → 16-bit little-endian, rounded to nearest and clipped."""
    scaled = np.rint(np.asarray(samples, np.float64) * 32768.0)
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def pcm_f32le(samples: Samples) -> bytes:
    """float32 → the same, little-endian."""
    return samples.astype("<f4").tobytes()


ENCODERS: dict[str, Callable[[Samples], bytes]] = {"pcm_s16le": pcm_s16le, "pcm_f32le": pcm_f32le}
