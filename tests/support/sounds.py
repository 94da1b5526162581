"""Synthetic recordings to clone."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import soundfile

RATE = 24000


def sound(seconds: float = 3.2, level: float = 0.3) -> np.ndarray:
    """Make a sound like a voice, the same every time."""
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


def contained(
    samples: np.ndarray,
    format: str,
    codec: str,
    rate: int,
    *,
    layout: str = "mono",
    video: str | None = None,
) -> bytes:
    """Write mono samples at `RATE` to a file of FFmpeg's, with a picture first if one is named.

    Args:
        codec: the codec of the sound; empty for no sound.
        video: the codec of the picture.
    """
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format) as file:
        picture: Any = file.add_stream(video, rate=10) if video else None
        if picture is not None:
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
        sound: Any = file.add_stream(codec, rate=rate, layout=layout) if codec else None
        if picture is not None:
            for frame in [*[av.VideoFrame(64, 64, "yuv420p") for _ in range(10)], None]:
                file.mux(picture.encode(frame))
        if sound is not None:
            size = sound.codec_context.frame_size or None
            resampler = av.AudioResampler(
                format=sound.format, layout=layout, rate=rate, frame_size=size
            )
            whole = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[None, :], np.float32), format="flt", layout="mono"
            )
            whole.sample_rate = RATE
            for frame in [*resampler.resample(whole), *resampler.resample(None), None]:
                file.mux(sound.encode(frame))
    return buffer.getvalue()
