"""Reference audio in: any file that libsndfile reads → mono samples, and what is wrong with it.

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
import soxr
from numpy.typing import NDArray

from sidecar.errors import (
    BadReferenceAudio,
    Notice,
    ReferenceSilent,
    ReferenceTooLong,
    ReferenceTooShort,
    too_long,
)
from sidecar.files import open_regular
from sidecar.limits import MAX_REFERENCE_SECONDS, MAX_UTTERANCE_CHARS

Samples = NDArray[np.float32]

# What the speaker encoder and the speech encoder of every Qwen3-TTS take.
RATE = 24_000
MIN_SECONDS = 1.0
BEST = "3 to 15 s of clean speech are best."
# Outside of these it works, and is worth a word.
_SHORT_SECONDS, _LONG_SECONDS = 3.0, 30.0
# A telephone has 8000.
_MIN_RATE, _MAX_RATE = 8_000, 192_000
_MAX_CHANNELS = 8
# A minute of that in 32 bits; as much text beside the audio as anyone writes into a header.
MAX_FILE_BYTES = 60 * 192_000 * 8 * 4 + 2**20
_BLOCK_FRAMES = 2**16
# Files in memory at the same time; mostly a megabyte each, but there are others.
_READING = threading.BoundedSemaphore(4)
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
    """A reference recording, ready for an encoder.

    Attributes:
        samples: float32 [samples], mono, RATE a second.
        source: sha256 of the file, in hexadecimal.
        text: its transcript; None, never blank, where there is none.
        append_silence: put 0.5 s of silence behind it.
        notices: what is not as it should be, and still can be used.
        field: what it came in as, for errors: `reference.path` or `reference.audio`.
    """

    samples: Samples
    source: str
    text: str | None = None
    append_silence: bool = True
    notices: tuple[Notice, ...] = ()
    field: str = "reference.audio"


def read(
    path: str | None,
    data: bytes | None,
    text: str | None = None,
    append_silence: bool = True,
    *,
    most_seconds: float = MAX_REFERENCE_SECONDS,
) -> Recording:
    """Reads an audio file of any format libsndfile knows.

    Args:
        path: a file; used when `data` is None.
        data: a whole file in memory.
        text: what is said in it, if known; also to see whether that can be.
        append_silence: is handed on.
        most_seconds: that it may last.

    Raises:
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
        ReferenceTooShort, ReferenceTooLong, ReferenceSilent
        TextTooLong: the transcript.
    """
    text = (text or "").strip() or None
    if text and len(text) > MAX_UTTERANCE_CHARS:
        raise too_long("reference.text", len(text))
    field = "reference.path" if data is None else "reference.audio"
    with _said_as_ours(field):
        whole = data if data is not None else _content(path)
        source = hashlib.sha256(whole).hexdigest()
        with soundfile.SoundFile(io.BytesIO(whole)) as file:
            _check_header(file, field, most_seconds)
            rate = file.samplerate
            samples, clipped = _mixed(file)
        if not np.isfinite(samples).all():
            raise BadReferenceAudio("The reference audio has samples that are NaN.", field=field)
        if len(samples) < MIN_SECONDS * rate:  # the header promised more
            raise _too_short(len(samples) / rate, field)
        if rate != RATE:
            samples = soxr.resample(samples, rate, RATE, quality="VHQ").astype(np.float32)
    level = _level(samples)
    if level < _SILENT_DB:
        raise ReferenceSilent(
            "The reference audio is silent.",
            hint="Check the microphone; in stereo, check that the channels do not cancel out.",
            field=field,
        )
    notices = tuple(_notices(len(samples) / RATE, clipped, level, text))
    return Recording(samples, source, text, append_silence, notices, field)


def _content(path: str | None) -> bytes:
    """All of a file. Opened before its turn to be read: that a disk hangs keeps nobody waiting."""
    if path is None:
        raise BadReferenceAudio("`reference` has neither `path` nor `audio`.", field="reference")
    with open_regular(path, MAX_FILE_BYTES) as file, _READING:
        return file.read(MAX_FILE_BYTES)


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


def _check_header(file: soundfile.SoundFile, field: str, most_seconds: float) -> None:
    """Refuses by the header alone, before a frame is decoded."""
    seconds = file.frames / file.samplerate
    if seconds < MIN_SECONDS:
        raise _too_short(seconds, field)
    if seconds > most_seconds:
        raise ReferenceTooLong(
            f"The reference audio has {seconds:.1f} s; at most {most_seconds:g} s are taken.",
            hint=f"Cut it: {BEST} The limit is --max-reference-seconds.",
            field=field,
        )
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


def _level(samples: Samples) -> float:
    """dB of full scale of the louder parts: nineteen of twenty windows are below."""
    size = max(1, int(_WINDOW_SECONDS * RATE))
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
    if text:
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
