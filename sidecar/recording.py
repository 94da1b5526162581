"""Reference audio in: any file that libsndfile reads → mono samples, and what is wrong with it."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import msgspec
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from sidecar.errors import (
    BadReferenceAudio,
    Notice,
    ReferenceSilent,
    ReferenceTooLong,
    ReferenceTooShort,
)
from sidecar.files import open_regular

Samples = NDArray[np.float32]

MIN_SECONDS = 1.0
MAX_SECONDS = 60.0
BEST = "3 to 15 s of clean speech are best."
# Outside of these it works, and is worth a word.
_SHORT_SECONDS, _LONG_SECONDS = 3.0, 30.0
_MAX_RATE = 192_000
_MAX_CHANNELS = 8
# A minute of that in 32 bits; as much text beside the audio as anyone writes into a header.
MAX_FILE_BYTES = 60 * 192_000 * 8 * 4 + 2**20
_BLOCK_FRAMES = 2**16
_BLOCK_BYTES = 2**20
# Level of the louder parts, dB of full scale: below the first nobody speaks, below the second
# noise is coming near.
_SILENT_DB, _QUIET_DB = -60.0, -40.0
_WINDOW_SECONDS = 0.05
# Share of samples that lie on a flat top. Speech that was only brought up to full scale has none.
_CLIPPED_SHARE = 0.0005
_FULL_SCALE = 0.98
# Latin letters a second; of Chinese, Japanese and Korean signs, each of which says as much as
# three of those. The fastest speakers reach 25; a few words in a long pause are no mistake.
_MOST_LETTERS, _FEWEST_LETTERS, _LETTERS_PER_SIGN = 40.0, 1.5, 3


class Recording(msgspec.Struct, frozen=True, eq=False):
    """A reference recording.

    Attributes:
        samples: float32 [samples], mono, at the rate that was asked for.
        notices: what is not as it should be, and still can be used.
    """

    samples: Samples
    notices: tuple[Notice, ...]


def content_hash(path: str | None, data: bytes | None) -> bytes:
    """sha256 of a whole file; raises as `read`."""
    if data is not None:
        return hashlib.sha256(data).digest()
    with _opened(path, data) as source:
        digest = hashlib.sha256()
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
        return digest.digest()


def read(path: str | None, data: bytes | None, rate: int, text: str | None = None) -> Recording:
    """Reads an audio file of any format libsndfile knows.

    Args:
        path: a file; used when `data` is None.
        data: a whole file in memory.
        rate: samples per second to resample to.
        text: what is said in it, if known, to see whether that can be.

    Raises:
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
        ReferenceTooShort, ReferenceTooLong, ReferenceSilent
    """
    field = _field(data)
    with _opened(path, data) as source, soundfile.SoundFile(source) as file:
        _check_header(file, field)
        samples, clipped = _mixed(file)
        if not np.isfinite(samples).all():
            raise BadReferenceAudio("The reference audio has samples that are NaN.", field=field)
        if len(samples) < MIN_SECONDS * file.samplerate:  # the header promised more
            raise _too_short(len(samples) / file.samplerate, field)
        if file.samplerate != rate:
            resampled = soxr.resample(samples, file.samplerate, rate, quality="VHQ")
            samples = resampled.astype(np.float32)
    level = _level(samples, rate)
    if level < _SILENT_DB:
        raise ReferenceSilent(
            "The reference audio is silent.",
            hint="Check the microphone; in stereo, check that the channels do not cancel out.",
            field=field,
        )
    return Recording(samples, tuple(_notices(len(samples) / rate, clipped, level, text)))


def _field(data: bytes | None) -> str:
    return "reference.path" if data is None else "reference.audio"


@contextmanager
def _opened(path: str | None, data: bytes | None) -> Iterator[BinaryIO]:
    """The file; whatever goes wrong with it inside is said in one way."""
    if data is None and path is None:
        raise BadReferenceAudio("`reference` has neither `path` nor `audio`.", field="reference")
    try:
        source = io.BytesIO(data) if data is not None else open_regular(path or "", MAX_FILE_BYTES)
        with source:
            yield source
    except (soundfile.SoundFileError, OSError, ValueError, RuntimeError) as error:
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        if isinstance(error, OSError) and error.errno is not None:
            reason = os.strerror(error.errno)
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {reason}",
            hint="Send a WAV, FLAC, MP3 or Ogg file.",
            field=_field(data),
        ) from error


def _check_header(file: soundfile.SoundFile, field: str) -> None:
    """Refuses by the header alone, before a frame is decoded."""
    seconds = file.frames / file.samplerate
    if seconds < MIN_SECONDS:
        raise _too_short(seconds, field)
    if seconds > MAX_SECONDS:
        raise ReferenceTooLong(
            f"The reference audio has {seconds:.0f} s; at most {MAX_SECONDS:.0f} s are taken.",
            hint=f"Cut it: {BEST}",
            field=field,
        )
    if file.samplerate > _MAX_RATE:
        raise BadReferenceAudio(
            f"The reference audio has {file.samplerate} Hz; at most {_MAX_RATE} Hz are taken.",
            hint="Resample it; 24000 Hz are enough.",
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


def _mixed(file: soundfile.SoundFile) -> tuple[Samples, float]:
    """float32 [frames], the mean of the channels; and the share of samples on a flat top.

    Block by block, so that a small file that unpacks to much takes the memory of one channel.
    """
    mixed: list[Samples] = []
    flat = total = 0
    for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
        mixed.append(block.mean(axis=1, dtype=np.float32))
        loud = np.abs(block[1:])
        # Integers stop at full scale and stay there; what is decoded from MP3 or Ogg overshoots.
        flat += int(((loud >= _FULL_SCALE) & (block[1:] == block[:-1]) | (loud > 1.0)).sum())
        total += block.size
    return np.concatenate([np.zeros(0, np.float32), *mixed]), flat / max(1, total)


def _level(samples: Samples, rate: int) -> float:
    """dB of full scale of the louder parts: nineteen of twenty windows are below."""
    size = max(1, int(_WINDOW_SECONDS * rate))
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.quantile(np.square(windows, dtype=np.float64).mean(axis=1), 0.95)
    return float(10 * np.log10(max(power, 1e-20)))


def _notices(seconds: float, clipped: float, level: float, text: str | None) -> Iterator[Notice]:
    if seconds < _SHORT_SECONDS or seconds > _LONG_SECONDS:
        which = "Short" if seconds < _SHORT_SECONDS else "Long"
        yield Notice(f"reference{which}", f"The reference audio has {seconds:.1f} s. {BEST}")
    if clipped > _CLIPPED_SHARE:
        yield Notice(
            "referenceClipped",
            f"The reference audio is clipped ({clipped:.1%} of it); the voice will sound harsh. "
            "Record it again, more quietly.",
        )
    if level < _QUIET_DB:
        yield Notice(
            "referenceQuiet",
            f"The reference audio is very quiet ({level:.0f} dB of full scale), so its noise may "
            "be cloned, too. Record it again, closer to the microphone.",
        )
    if text and text.strip():
        yield from _transcript_notice(text, seconds)


def _transcript_notice(text: str, seconds: float) -> Iterator[Notice]:
    signs = sum(character > "\u2e7f" for character in text if character.isalnum())
    letters = sum(character.isalnum() for character in text) + signs * (_LETTERS_PER_SIGN - 1)
    if letters > _MOST_LETTERS * seconds or letters < _FEWEST_LETTERS * seconds:
        much = "more" if letters > _MOST_LETTERS * seconds else "less"
        yield Notice(
            "transcriptMismatch",
            f"`reference.text` is {much} than can be said in {seconds:.1f} s. It must be exactly "
            "what is said in the recording, or speech may not end.",
        )
