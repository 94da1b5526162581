"""Audio files in: what libsndfile reads, or `media` makes a WAV of → mono samples at its rate.

Any thread but the engine's, which is kept from disks and decoders. A file is opened once: what is
hashed and what is decoded are the same bytes, whoever writes to it meanwhile.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from sidecar.audio.media import decoders
from sidecar.audio.media.given import local_path
from sidecar.audio.media.kinds import kind_of, no_sound
from sidecar.errors import BadReferenceAudio, ReferenceTooLong, ReferenceTooShort
from sidecar.files import cause, open_regular

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
_FORMATS = "Send a WAV, FLAC, MP3, Ogg, m4a, mp4 or webm file."


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


def unchecked() -> None:
    """Stand for the `check` of somebody who never gives up."""


def read(
    path: str | None,
    data: bytes | None,
    most_seconds: float,
    field: str,
    check: Callable[[], None] = unchecked,
) -> AudioFile:
    """Read a file.

    Args:
        path: a file, or a `file:` URI; used when `data` is None.
        data: a whole file in memory.
        most_seconds: that it may last.
        field: what it came in as, for errors.
        check: is called several times a second while another program decodes the file; what it
            raises ends that.

    Raises:
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
        ReferenceTooShort, ReferenceTooLong
    """
    if data is not None:
        return _decoded(_File(data, None, most_seconds, field, check))
    if path is None:
        raise BadReferenceAudio("`reference` has neither `path` nor `audio`.", field="reference")
    path = local_path(path)
    with _named(path, field):
        file = open_regular(path, MAX_FILE_BYTES)
    # Opened before its turn to be read: that a disk hangs keeps nobody waiting.
    with file, _READING:
        with _named(path, field):
            whole = file.read(MAX_FILE_BYTES)
        return _decoded(_File(whole, path, most_seconds, field, check))


class _File(msgspec.Struct, frozen=True):
    """A file that has been read, and what may be done with it; see `read`."""

    whole: bytes
    path: str | None
    most_seconds: float
    field: str
    check: Callable[[], None]


def _decoded(given: _File) -> AudioFile:
    source = hashlib.sha256(given.whole).hexdigest()
    if not given.whole:
        what = "The file of the reference audio" if given.path else "The reference audio"
        raise BadReferenceAudio(f"{what} is empty.", hint=_FORMATS, field=given.field)
    with _said_as_ours(given):
        try:
            return _sound(_Sequential(io.BytesIO(given.whole)), source, given, None)
        except soundfile.LibsndfileError:
            if (kind := kind_of(given.whole)) is None:
                raise
    try:
        with (
            decoders.decoded(
                given.whole,
                kind,
                given.most_seconds,
                path=given.path,
                field=given.field,
                check=given.check,
            ) as decoded,
            _said_as_ours(given),
        ):
            return _sound(_Sequential(decoded.path), source, given, decoded.stated_seconds)
    except decoders.TooLong as error:
        raise _too_long(f"{error.seconds:.1f} s", given.most_seconds, given.field) from None


def _sound(
    opened: soundfile.SoundFile, source: str, given: _File, stated_seconds: float | None
) -> AudioFile:
    """Read what libsndfile has opened.

    Args:
        stated_seconds: what the original says, of which this is a copy.
    """
    field, most_seconds = given.field, given.most_seconds
    with opened as file:
        rate = file.samplerate
        seconds = None if file.frames == _UNKNOWN_FRAMES else file.frames / rate
        _check_header(file, seconds, field, most_seconds)
        samples, clipped = _mixed(file, int(most_seconds * rate))
        if len(samples) > most_seconds * rate:
            raise _too_long(f"more than {most_seconds:g} s", most_seconds, field)
    if not np.isfinite(samples).all():
        raise BadReferenceAudio("The reference audio has samples that are NaN.", field=field)
    if len(samples) < MIN_SECONDS * rate:  # the header promised more, or nothing
        raise _too_short(len(samples) / rate, field)
    return AudioFile(samples, rate, stated_seconds or seconds, clipped, source)


@contextmanager
def _named(path: str, field: str) -> Iterator[None]:
    """Whatever goes wrong with the file of a path is said with that path."""
    try:
        yield
    except (OSError, ValueError) as error:
        shown = path if path.isprintable() else repr(path)
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {shown}: {_reason(error, path)}.",
            hint=_about_path(path, error),
            field=field,
        ) from error


def _reason(error: OSError | ValueError, path: str) -> str:
    return cause(error, path) if isinstance(error, OSError) else str(error).rstrip(".")


def _about_path(path: str, error: OSError | ValueError) -> str | None:
    if not isinstance(error, FileNotFoundError):
        return None
    if path.startswith("~"):
        return "`~` is not expanded here; write the folder out."
    return None if Path(path).is_absolute() else f"Relative paths start at {Path.cwd()}."


@contextmanager
def _said_as_ours(given: _File) -> Iterator[None]:
    """Whatever goes wrong in a decoder is said in one way."""
    try:
        yield
    except (soundfile.SoundFileError, OSError, ValueError, RuntimeError) as error:
        what = no_sound(given.whole)
        if what:
            raise BadReferenceAudio(
                f"The reference audio is {what}.", hint=_FORMATS, field=given.field
            ) from error
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        if isinstance(error, OSError) and error.errno is not None:
            reason = os.strerror(error.errno)
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {str(reason).rstrip('.')}.",
            hint=_FORMATS,
            field=given.field,
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
