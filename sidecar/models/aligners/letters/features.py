"""What the network hears: 40 log-mel values for each 10 ms, without level and colour."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

FRAMES_PER_SECOND = 100
MELS = 40
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
# A rate must have these frequencies, and a whole number of samples in each of the times below.
_RATE_UNIT, _LEAST_RATE = 1000, 16000
_WINDOW_MS, _FFT_MS = 25, 32
# The average is that of the frames at most this far below the loudest, in nepers of power.
_SPEECH_RANGE = 7.0
# What is quieter than the average by more than this is silence, however quiet it is.
_FLOOR = -8.0
_SPREAD = 2.5
_LEAST_POWER = 1e-10


def takes(sample_rate: int) -> bool:
    """Return whether features can be computed at this rate, in Hz, without resampling."""
    return sample_rate >= _LEAST_RATE and sample_rate % _RATE_UNIT == 0


@cache
def _mel_bank(sample_rate: int) -> Float:
    """Return triangles on the mel scale: float32 [FFT bins, MELS]."""
    bins = sample_rate * _FFT_MS // 1000 // 2 + 1
    frequencies = np.arange(bins) * (1000 / _FFT_MS)
    lowest, highest = (2595 * math.log10(1 + hz / 700) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    mels = np.linspace(lowest, highest, MELS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - low) / (middle - low)
    falling = (high - frequencies[:, None]) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def log_mel(samples: Float, sample_rate: int) -> Float:
    """Return the logarithm of the power in each band: float32 [frames, MELS].

    Args:
        samples: float32 [length], full scale ±1. Frame i is about the sound around i × 10 ms.
        sample_rate: one that `takes` accepts.
    """
    window, size = (sample_rate * ms // 1000 for ms in (_WINDOW_MS, _FFT_MS))
    hop = sample_rate // FRAMES_PER_SECOND
    count = -(-len(samples) // hop)
    padded = np.pad(samples, (window // 2, window + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:count]
    shape = np.hanning(window).astype(np.float32)
    spectrum = np.fft.rfft(frames * (shape / shape.sum()), size)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float32)
    return np.log(power @ _mel_bank(sample_rate) + np.float32(_LEAST_POWER))


def normalised(mel: Float) -> Float:
    """Return the features without the recording's level and colour: float32 [frames, MELS].

    The average is that of the louder frames, so silence around the speech changes nothing.
    """
    loudness = mel.mean(axis=1)
    loud = mel[loudness >= loudness.max() - _SPEECH_RANGE]
    return np.maximum(mel - loud.mean(axis=0), np.float32(_FLOOR)) / np.float32(_SPREAD)
