"""float32 samples → encodings, and reference audio in."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from sidecar.errors import BadReferenceAudio

Samples = NDArray[np.float32]

MIN_REFERENCE_SECONDS = 1.0
MAX_REFERENCE_SECONDS = 60.0
_MAX_REFERENCE_RATE = 192_000


def pcm_s16le(samples: Samples) -> bytes:
    """float32 in [-1, 1] → 16-bit little-endian, rounded to nearest and clipped."""
    scaled = np.rint(np.asarray(samples, np.float64) * 32768.0)
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def pcm_f32le(samples: Samples) -> bytes:
    """float32 → the same, little-endian."""
    return samples.astype("<f4").tobytes()


ENCODERS: dict[str, Callable[[Samples], bytes]] = {"pcm_s16le": pcm_s16le, "pcm_f32le": pcm_f32le}


def read_reference(path: str | None, data: bytes | None, rate: int) -> Samples:
    """Reads an audio file of any format libsndfile knows → mono float32 at `rate`.

    Args:
        path: a file; used when `data` is None.
        data: a whole file in memory.
        rate: samples per second to resample to.

    Raises:
        BadReferenceAudio: neither given, unreadable, shorter or longer than the limits.
    """
    if data is None and path is None:
        raise BadReferenceAudio("`reference` has neither `path` nor `audio`.", field="reference")
    field = "reference.path" if data is None else "reference.audio"
    source = io.BytesIO(data) if data is not None else path
    assert source is not None
    try:
        with soundfile.SoundFile(source) as file:
            samples, source_rate = _read(file, field), file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {reason}",
            hint="Send a WAV, FLAC, MP3 or Ogg file.",
            field=field,
        ) from error
    if source_rate == rate:
        return samples
    return soxr.resample(samples, source_rate, rate, quality="VHQ").astype(np.float32)


def _read(file: soundfile.SoundFile, field: str) -> Samples:
    """Refuses by the header alone, before a frame is decoded."""
    seconds = file.frames / file.samplerate
    if seconds < MIN_REFERENCE_SECONDS:
        raise BadReferenceAudio(
            f"The reference audio has only {seconds:.2f} s.",
            hint="3 to 15 s of clean speech are best.",
            field=field,
        )
    if seconds > MAX_REFERENCE_SECONDS or file.samplerate > _MAX_REFERENCE_RATE:
        raise BadReferenceAudio(
            f"The reference audio has {seconds:.0f} s at {file.samplerate} Hz; at most "
            f"{MAX_REFERENCE_SECONDS:.0f} s at {_MAX_REFERENCE_RATE} Hz are taken.",
            hint="Cut it: 3 to 15 s of clean speech are best.",
            field=field,
        )
    samples = np.asarray(file.read(dtype="float32", always_2d=True), np.float32)
    if not np.isfinite(samples).all():
        raise BadReferenceAudio("The reference audio has samples that are NaN.", field=field)
    return samples.mean(axis=1, dtype=np.float32)
