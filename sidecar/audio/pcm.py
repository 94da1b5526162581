"""float32 samples → PCM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def encode_s16le(samples: Samples) -> bytes:
    """Convert float32 in [-1, 1] to 16-bit little-endian, rounded to nearest and clipped."""
    scaled = np.rint(np.asarray(samples, np.float64) * 32768.0)
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def encode_f32le(samples: Samples) -> bytes:
    """Return the bytes of float32 samples, little-endian."""
    return samples.astype("<f4").tobytes()


ENCODERS: dict[str, Callable[[Samples], bytes]] = {
    "pcm_s16le": encode_s16le,
    "pcm_f32le": encode_f32le,
}
