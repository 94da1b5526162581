"""Audio files in: what libsndfile reads → mono samples at the file's own rate.

Any thread but the engine's, which is kept from disks and decoders. A file is opened once: what is
hashed and what is decoded are the same bytes, whoever writes to it meanwhile.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from sidecar.errors import BadReferenceAudio, ReferenceTooLong, ReferenceTooShort
from sidecar.files import open_regular

Samples = NDArray[np.float32]

MIN_SECONDS = 1.0
BEST = "3 to 15 s of clean speech are best."
# A telephone has 8000.
_MIN_RATE, _MAX_RATE = 8_000, 192_000
_MAX_CHANNELS = 8
# A minute of that in 32 bits; as much text beside the audio as anyone writes into a header.
MAX_FILE_BYTES = 60 * 192_000 * 8 * 4 + 2**20
_BLOCK_FRAMES = 2**16
# Files in memory at the same time, until they are decoded; mostly a megabyte each, but there are
# others. What came in a message is in memory anyhow.
_READING = threading.BoundedSemaphore(4)
# What libsndfile says of a file whose header does not know: FLAC that was written to a pipe.
_UNKNOWN_FRAMES = 2**63 - 1
_FULL_SCALE = 0.98


class AudioFile(msgspec.Struct, frozen=True, eq=False):
    """A decoded file.

    Attributes:
        samples: float32 [frames], the mean of the channels.
        rate: frames a second.
        stated_seconds: how long its header says it is; None where that does not know.
        clipped: share of samples on a flat top.
        source: sha256 of the file, in hexadecimal.
    """

    samples: Samples
    rate: int
    stated_seconds: float | None
    clipped: float
    source: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


class _Sequential(soundfile.SoundFile):
    """Read from beginning to end. A file that can be sought in is sought in after every block,
    which goes wrong where its header does not know the end, in one that is damaged, and in formats
    that only claim it."""

    def seekable(self) -> bool:
        return False


def read(path: str | None, data: bytes | None, most_seconds: float, field: str) -> AudioFile:
    """Reads a file.

    Args:
        path: a file; used when `data` is None.
        data: a whole file in memory.
        most_seconds: that it may last.
        field: what it came in as, for errors.

    Raises:
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
        ReferenceTooShort, ReferenceTooLong
    """
    with _said_as_ours(field):
        if data is not None:
            return _decoded(data, most_seconds, field)
        if path is None:
            raise BadReferenceAudio(
                "`reference` has neither `path` nor `audio`.", field="reference"
            )
        # Opened before its turn to be read: that a disk hangs keeps nobody waiting.
        with open_regular(path, MAX_FILE_BYTES) as file, _READING:
            return _decoded(file.read(MAX_FILE_BYTES), most_seconds, field)


def _decoded(whole: bytes, most_seconds: float, field: str) -> AudioFile:
    source = hashlib.sha256(whole).hexdigest()
    with _Sequential(io.BytesIO(whole)) as file:
        rate = file.samplerate
        stated_seconds = None if file.frames == _UNKNOWN_FRAMES else file.frames / rate
        _check_header(file, stated_seconds, field, most_seconds)
        samples, clipped = _mixed(file, int(most_seconds * rate))
        if len(samples) > most_seconds * rate:
            raise _too_long(f"more than {most_seconds:g} s", most_seconds, field)
    if not np.isfinite(samples).all():
        raise BadReferenceAudio("The reference audio has samples that are NaN.", field=field)
    if len(samples) < MIN_SECONDS * rate:  # the header promised more, or nothing
        raise _too_short(len(samples) / rate, field)
    return AudioFile(samples, rate, stated_seconds, clipped, source)


@contextmanager
def _said_as_ours(field: str) -> Iterator[None]:
    """Whatever goes wrong with a file inside is said in one way."""
    try:
        yield
    except (soundfile.SoundFileError, OSError, ValueError, RuntimeError) as error:
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        if isinstance(error, OSError) and error.errno is not None:
            reason = os.strerror(error.errno)
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {reason}",
            hint="Send a WAV, FLAC, MP3 or Ogg file.",
            field=field,
        ) from error


def _check_header(
    file: soundfile.SoundFile, seconds: float | None, field: str, most_seconds: float
) -> None:
    """Refuses by the header alone, before a frame is decoded."""
    if seconds is not None and seconds < MIN_SECONDS:
        raise _too_short(seconds, field)
    if seconds is not None and seconds > most_seconds:
        raise _too_long(f"{seconds:.1f} s", most_seconds, field)
    if not _MIN_RATE <= file.samplerate <= _MAX_RATE:
        raise BadReferenceAudio(
            f"The reference audio has {file.samplerate} samples a second; {_MIN_RATE} to "
            f"{_MAX_RATE} are taken.",
            hint="Record it with 24000 or more." if file.samplerate < _MIN_RATE else "Resample it.",
            field=field,
        )
    if file.channels > _MAX_CHANNELS:
        raise BadReferenceAudio(
            f"The reference audio has {file.channels} channels; at most {_MAX_CHANNELS} are taken.",
            hint="Mix it to one channel.",
            field=field,
        )


def _too_short(seconds: float, field: str) -> ReferenceTooShort:
    return ReferenceTooShort(
        f"The reference audio has only {seconds:.2f} s; at least {MIN_SECONDS:.0f} s is needed.",
        hint=BEST,
        field=field,
    )


def _too_long(length: str, most_seconds: float, field: str) -> ReferenceTooLong:
    return ReferenceTooLong(
        f"The reference audio has {length}; at most {most_seconds:g} s are taken.",
        hint=f"Cut it: {BEST} The limit is --max-reference-seconds.",
        field=field,
    )


def _mixed(file: soundfile.SoundFile, most: int) -> tuple[Samples, float]:
    """float32 [frames], the mean of the channels; and the share of samples on a flat top.

    Block by block, so that a small file that unpacks to much takes the memory of one channel, and
    until none is left, whatever its header says. A little more than `most` frames are the end.
    """
    mixed: list[Samples] = []
    flat = frames = total = 0
    # Not `blocks`: where a file ends early, that goes on with what has been in the memory before.
    while frames <= most and len(
        block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
    ):
        mixed.append(block.mean(axis=1, dtype=np.float32))
        loud = np.abs(block[1:])
        # Integers stop at full scale and stay there; what is decoded from MP3 or Ogg overshoots.
        flat += int(((loud >= _FULL_SCALE) & (block[1:] == block[:-1]) | (loud > 1.0)).sum())
        frames, total = frames + len(block), total + block.size
    return np.concatenate([np.zeros(0, np.float32), *mixed]), flat / max(1, total)
