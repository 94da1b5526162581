"""Recordings to clone, made up."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile

RATE = 24000


def sound(seconds: float = 3.2, level: float = 0.3) -> np.ndarray:
    """Something like a voice, the same every time."""
    at = np.arange(int(seconds * 24000)) / 24000
    tones = sum(np.sin(2 * np.pi * 120 * n * at + n) / n for n in range(1, 6))
    return (level * (0.5 + 0.5 * np.sin(7 * at)) * tones).astype(np.float32)


def wav(samples: np.ndarray, rate: int = 24000, subtype: str = "PCM_16") -> str:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return base64.b64encode(buffer.getvalue()).decode()


def encoded(
    samples: np.ndarray, rate: int = RATE, format: str = "WAV", subtype: str = "FLOAT"
) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype)
    return buffer.getvalue()


def tone(seconds: float, rate: int = RATE, level: float = 0.3, hertz: float = 440) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
