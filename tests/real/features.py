"""What two recordings of the same sentence have in common: their mel spectrogram.

Samples cannot be compared. The model adds up phases over the whole utterance, so that a change of
its style by one part in a million leaves 49 dB between two outputs that sound the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 24000
_WINDOW, _HOP, _BANDS, _TOP = 1024, 300, 80, 8000.0  # samples, samples, bands, Hz
_FLOOR = 80.0  # dB below the loudest

Floats = NDArray[np.float32]


def log_mel(samples: Floats) -> Floats:
    """Return float32 [frames, 80], in dB below the loudest, of float32 [samples] at 24 kHz."""
    padded = np.pad(samples.astype(np.float64), _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW))))
    mel = power @ _bands().T
    loudness = 10 * np.log10(np.maximum(mel, mel.max() * 10 ** (-_FLOOR / 10)))
    return (loudness - loudness.max()).astype(np.float32)


def correlation(one: Floats, other: Floats) -> float:
    """Return Pearson's correlation of two spectrograms of one shape."""
    return float(np.corrcoef(one.reshape(-1), other.reshape(-1))[0, 1])


def _bands() -> NDArray[np.float64]:
    """Return float64 [80, window / 2 + 1]: triangles, evenly spaced in mel (O'Shaughnessy's)."""
    top = 2595 * np.log10(1 + _TOP / 700)
    edges = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    low, middle, high = (edges[at : at + _BANDS, None] for at in range(3))
    return np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
