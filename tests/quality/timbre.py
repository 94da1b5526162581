"""The sound of a voice, by measures that no model has learned: pitch and average spectrum."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tests.quality.recogniser import SAMPLE_RATE

Samples = NDArray[np.float32]
Timbre = tuple[float, NDArray[np.float64]]

_BANDS = 40
_F0 = (60.0, 350.0)
_WINDOW = SAMPLE_RATE // 25


def timbre(samples: Samples) -> Timbre:
    """Return the median pitch in Hz, and the mean log spectrum of loud frames [bands], mean 0."""
    frames = samples[: len(samples) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).astype(np.float64)
    energy = np.square(frames).mean(1)
    loud = frames[energy > energy.mean()] * np.hanning(_WINDOW)
    spectra = np.abs(np.fft.rfft(loud, axis=1))
    low, high = (int(SAMPLE_RATE / hertz) for hertz in reversed(_F0))
    correlation = np.fft.irfft(np.abs(np.fft.rfft(loud, 2 * _WINDOW, axis=1)) ** 2, axis=1)
    lags = correlation[:, low:high].argmax(1) + low
    voiced = correlation[np.arange(len(lags)), lags] > 0.3 * correlation[:, 0]
    pitch = float(np.median(SAMPLE_RATE / lags[voiced])) if voiced.any() else 0.0
    edges = np.geomspace(4, spectra.shape[1] * 2 // 3, _BANDS + 1).astype(int)
    bands = [spectra[:, a : max(b, a + 1)].mean(1) for a, b in pairwise(edges)]
    average = np.log(np.array(bands) + 1e-6).mean(1)
    return pitch, average - average.mean()


def distance(a: Timbre, b: Timbre) -> float:
    """Return two timbres' distance: an octave counts as much as a mean of 10 dB over the bands."""
    octaves = abs(np.log2(max(a[0], 1.0) / max(b[0], 1.0)))
    return float(octaves + np.abs(a[1] - b[1]).mean() / np.log(10 ** (10 / 20)))
