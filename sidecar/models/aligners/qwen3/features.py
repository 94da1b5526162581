"""Samples → log-mel features, as transformers' WhisperFeatureExtractor makes them."""

from __future__ import annotations

from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from sidecar.models.aligners.qwen3 import SAMPLE_RATE

BINS = 128
HOP = 160
_WINDOW = 400
_FLOOR, _RANGE = 1e-10, 8.0


def prepare(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the samples at 16 kHz and within ±1, as the official code does it."""
    if sample_rate != SAMPLE_RATE:
        samples = soxr.resample(samples, sample_rate, SAMPLE_RATE)
    peak = float(np.abs(samples).max(initial=0.0))
    return samples / np.float32(peak) if peak > 1.0 else samples


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 [128, frames] of float32 [length] at 16 kHz: a frame for each 10 ms."""
    padded = np.pad(samples, _WINDOW // 2, mode="reflect").astype(np.float64)
    count = len(samples) // HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:count]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
    mel = np.log10(np.maximum(power @ _filters().T, _FLOOR)).T
    return ((np.maximum(mel, mel.max() - _RANGE) + 4) / 4).astype(np.float32)


@cache
def _filters() -> NDArray[np.float64]:
    """Return float64 [128, 201]: triangles on Slaney's mel scale, of equal area."""
    edges = _to_hertz(np.linspace(0.0, _to_mel(SAMPLE_RATE / 2), BINS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    rising = (bins[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None]) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]


# Slaney's scale is linear below 1000 Hz, 15 mel, and logarithmic above that.
_LINEAR, _BORDER_HZ, _BORDER, _STEP = 200.0 / 3, 1000.0, 15.0, np.log(6.4) / 27


def _to_mel(hertz: float) -> float:
    assert hertz >= _BORDER_HZ
    return _BORDER + float(np.log(hertz / _BORDER_HZ) / _STEP)


def _to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < _BORDER, mel * _LINEAR, _BORDER_HZ * np.exp(_STEP * (mel - _BORDER)))
