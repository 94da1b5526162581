"""float32 samples → encodings, and reference audio in."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from sidecar.errors import BadReferenceAudio
from sidecar.files import open_regular

Samples = NDArray[np.float32]

MIN_REFERENCE_SECONDS = 1.0
MAX_REFERENCE_SECONDS = 60.0
_MAX_REFERENCE_RATE = 192_000
_MAX_REFERENCE_CHANNELS = 8
# A minute of that in 32 bits; as much text beside the audio as anyone writes into a header.
_MAX_REFERENCE_BYTES = 60 * 192_000 * 8 * 4 + 2**20
_BLOCK_FRAMES = 2**16


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
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
    """
    if data is None and path is None:
        raise BadReferenceAudio("`reference` has neither `path` nor `audio`.", field="reference")
    field = "reference.path" if data is None else "reference.audio"
    try:
        with _opened(path, data) as source, soundfile.SoundFile(source) as file:
            samples, source_rate = _read(file, field), file.samplerate
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        if isinstance(error, OSError) and error.errno is not None:
            reason = os.strerror(error.errno)
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {reason}",
            hint="Send a WAV, FLAC, MP3 or Ogg file.",
            field=field,
        ) from error
    if source_rate == rate:
        return samples
    return soxr.resample(samples, source_rate, rate, quality="VHQ").astype(np.float32)


def _opened(path: str | None, data: bytes | None) -> BinaryIO:
    if data is not None:
        return io.BytesIO(data)
    assert path is not None
    return open_regular(path, _MAX_REFERENCE_BYTES)


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
    if file.channels > _MAX_REFERENCE_CHANNELS:
        raise BadReferenceAudio(
            f"The reference audio has {file.channels} channels; at most "
            f"{_MAX_REFERENCE_CHANNELS} are taken.",
            hint="Mix it to one channel.",
            field=field,
        )
    # Block by block, so that a small file that unpacks to much takes the memory of one channel.
    blocks = file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True)
    samples = np.concatenate([block.mean(axis=1, dtype=np.float32) for block in blocks])
    if not np.isfinite(samples).all():
        raise BadReferenceAudio("The reference audio has samples that are NaN.", field=field)
    return samples
