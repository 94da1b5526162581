"""A reference file's bytes → mono samples at the file's own rate.

libsndfile decodes what it knows, on the caller's thread; `media` makes a WAV file of the rest. This
runs on any thread but the engine's, which must not wait for disks and decoders.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator
from contextlib import contextmanager

import msgspec
import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself

from sidecar.audio.media import decoders
from sidecar.audio.media.formats import describe_other, detect_format
from sidecar.audio.pcm import Samples
from sidecar.audio.sources import COMPUTING, ReferenceFile, take_turn
from sidecar.errors import ReferenceTooLong, ReferenceTooShort
from sidecar.files import describe_os_error

MIN_SECONDS = 1.0
BEST = "3 to 15 s of clean speech are best."
# A telephone has 8000.
_MIN_RATE, _MAX_RATE = 8_000, 192_000
_MAX_CHANNELS = 8
_BLOCK_FRAMES = 2**16
# What libsndfile reports for a file whose header does not know: FLAC that was written to a pipe.
_UNKNOWN_FRAMES = 2**63 - 1
_FULL_SCALE = 0.98
_FORMATS = "Send a WAV, FLAC, MP3, Ogg, m4a, mp4 or webm file."


class DecodedAudio(msgspec.Struct, frozen=True, eq=False):
    """The sound of a decoded file.

    Attributes:
        samples: float32 [frames], the mean of the channels.
        rate: frames a second.
        stated_seconds: the duration in the file's header; None if the header does not know it.
        clipped: the share of samples on a flat top.
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
    """A file that is read from beginning to end.

    `soundfile` seeks in a seekable file after every block. That goes wrong in a file whose header
    does not know where it ends, in a damaged one, and in formats that only claim to be seekable.
    """

    def seekable(self) -> bool:
        return False


def decode(file: ReferenceFile) -> DecodedAudio:
    """Decode a file.

    Raises:
        BadReferenceAudio: it is no sound file, it is damaged, or its rate or its channels are
            outside the limits.
        ReferenceTooShort, ReferenceTooLong
    """
    if not file.data:
        what = "The file of the reference audio" if file.path else "The reference audio"
        raise file.make_error(f"{what} is empty.", _FORMATS)
    with _wrap_errors(file):
        try:
            return _read_sound(_Sequential(io.BytesIO(file.data)), file)
        except soundfile.LibsndfileError:
            if (form := detect_format(file.data)) is None:
                raise
    try:
        with decoders.decode_to_wav(file, form) as wav, _wrap_errors(file):
            return _read_sound(_Sequential(wav.path), file, wav.stated_seconds)
    except decoders.TooLong as error:
        raise _make_too_long(f"{error.seconds:.1f} s", file) from None


def _read_sound(
    opened: soundfile.SoundFile, file: ReferenceFile, stated_seconds: float | None = None
) -> DecodedAudio:
    """Read what libsndfile has opened.

    Args:
        file: the original, of which `opened` may be a copy in another format.
        stated_seconds: the duration in the original's header, if `opened` is such a copy.
    """
    with opened as sound, take_turn(COMPUTING, file.check):
        rate = sound.samplerate
        seconds = None if sound.frames == _UNKNOWN_FRAMES else sound.frames / rate
        _check_header(sound, seconds, file)
        samples, clipped = _mix(sound, int(file.max_seconds * rate))
        if len(samples) > file.max_seconds * rate:
            raise _make_too_long(f"more than {file.max_seconds:g} s", file)
    if not np.isfinite(samples).all():
        raise file.make_error("The reference audio has samples that are NaN.")
    if len(samples) < MIN_SECONDS * rate:  # the header promised more, or nothing
        raise _make_too_short(len(samples) / rate, file)
    source = hashlib.sha256(file.data).hexdigest()
    return DecodedAudio(samples, rate, stated_seconds or seconds, clipped, source)


@contextmanager
def _wrap_errors(file: ReferenceFile) -> Generator[None]:
    """Turn every exception of a decoder into the same error."""
    try:
        yield
    except (soundfile.SoundFileError, OSError, ValueError, RuntimeError) as error:
        what = describe_other(file.data)
        if what:
            raise file.make_error(f"The reference audio is {what}.", _FORMATS) from error
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)
        if isinstance(error, OSError):
            reason = describe_os_error(error, error.filename or "")
        raise file.make_error(
            f"The reference audio cannot be read: {reason.rstrip('.')}.", _FORMATS
        ) from error


def _check_header(sound: soundfile.SoundFile, seconds: float | None, file: ReferenceFile) -> None:
    """Refuse a file because of its header, before a frame is decoded."""
    if seconds is not None and seconds < MIN_SECONDS:
        raise _make_too_short(seconds, file)
    if seconds is not None and seconds > file.max_seconds:
        raise _make_too_long(f"{seconds:.1f} s", file)
    if not _MIN_RATE <= sound.samplerate <= _MAX_RATE:
        raise file.make_error(
            f"The reference audio has {sound.samplerate} samples a second; {_MIN_RATE} to "
            f"{_MAX_RATE} are accepted.",
            "Record it with 24000 or more." if sound.samplerate < _MIN_RATE else "Resample it.",
        )
    if sound.channels > _MAX_CHANNELS:
        raise file.make_error(
            f"The reference audio has {sound.channels} channels; at most {_MAX_CHANNELS} are "
            "accepted.",
            "Mix it to one channel.",
        )


def _make_too_short(seconds: float, file: ReferenceFile) -> ReferenceTooShort:
    return ReferenceTooShort(
        f"The reference audio has only {seconds:.2f} s; at least {MIN_SECONDS:.0f} s is needed.",
        hint=BEST,
        field=file.field,
    )


def _make_too_long(length: str, file: ReferenceFile) -> ReferenceTooLong:
    return ReferenceTooLong(
        f"The reference audio has {length}; at most {file.max_seconds:g} s are accepted.",
        hint=f"Cut it: {BEST} The limit is --max-reference-seconds.",
        field=file.field,
    )


def _mix(sound: soundfile.SoundFile, max_frames: int) -> tuple[Samples, float]:
    """Return float32 [frames], the mean of the channels, and the share of samples on a flat top.

    The file is read in blocks, so that a small file that unpacks to much takes the memory of one
    channel only. It is read until no block is left, whatever its header says, or until there are a
    few more than `max_frames`.
    """
    mixed: list[Samples] = []
    flat = frames = total = 0
    # Not `blocks`: where a file ends early, that returns stale memory.
    while frames <= max_frames and len(
        block := sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
    ):
        mixed.append(block.mean(axis=1, dtype=np.float32))
        loud = np.abs(block[1:])
        # Integers stop at full scale and stay there; what is decoded from MP3 or Ogg overshoots.
        flat += int(((loud >= _FULL_SCALE) & (block[1:] == block[:-1]) | (loud > 1.0)).sum())
        frames, total = frames + len(block), total + block.size
    return np.concatenate([np.zeros(0, np.float32), *mixed]), flat / max(1, total)
