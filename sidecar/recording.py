"""Reference audio in: any sound file → mono samples, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import soxr

from sidecar import audio_file
from sidecar.audio_file import BEST, AudioFile, Samples
from sidecar.errors import Notice, ReferenceSilent, too_long
from sidecar.limits import MAX_REFERENCE_SECONDS, MAX_UTTERANCE_CHARS

# What the speaker encoder and the speech encoder of every Qwen3-TTS take.
RATE = 24_000
# Outside of these it works, and is worth a word.
_SHORT_SECONDS, _LONG_SECONDS = 3.0, 30.0
# Less than its file says; padding that an encoder has left out is less.
_MISSING_SECONDS = 0.1
# Level of the louder parts, dB of full scale: below the first nobody speaks, below the second
# noise is coming near.
_SILENT_DB, _QUIET_DB = -60.0, -40.0
_WINDOW_SECONDS = 0.05
# Share of samples that lie on a flat top. Speech that was only brought up to full scale has none.
_CLIPPED_SHARE = 0.0005
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
    check: Callable[[], None] = audio_file.unchecked,
) -> Recording:
    """Read an audio file of any format that `audio_file` knows.

    Args:
        path: a file; used when `data` is None.
        data: a whole file in memory.
        text: what is said in it, if known; also to see whether that can be.
        append_silence: is handed on.
        most_seconds: that it may last.
        check: see `audio_file.read`.

    Raises:
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
        ReferenceTooShort, ReferenceTooLong, ReferenceSilent
        TextTooLong: the transcript.
    """
    text = (text or "").strip() or None
    if text and len(text) > MAX_UTTERANCE_CHARS:
        raise too_long("reference.text", len(text))
    field = "reference.path" if data is None else "reference.audio"
    file = audio_file.read(path, data, most_seconds, field, check)
    samples = file.samples
    if file.rate != RATE:
        samples = soxr.resample(samples, file.rate, RATE, quality="VHQ").astype(np.float32)
    level = _level(samples)
    if level < _SILENT_DB:
        raise ReferenceSilent(
            "The reference audio is silent.",
            hint="Check the microphone; in stereo, check that the channels do not cancel out.",
            field=field,
        )
    notices = tuple(_notices(file, level, text))
    return Recording(samples, file.source, text, append_silence, notices, field)


def _level(samples: Samples) -> float:
    """dB of full scale of the louder parts: nineteen of twenty windows are below.

    Without the offset that a sound card may add, which nobody hears.
    """
    size = max(1, int(_WINDOW_SECONDS * RATE))
    heard = samples - samples.mean(dtype=np.float64)
    windows = heard[: len(samples) // size * size].reshape(-1, size)
    power = np.quantile(np.square(windows).mean(axis=1), 0.95)
    return float(10 * np.log10(max(power, 1e-20)))


def _notices(file: AudioFile, level: float, text: str | None) -> Iterator[Notice]:
    seconds = file.seconds
    if file.stated_seconds is not None and file.stated_seconds - seconds > _MISSING_SECONDS:
        yield Notice(
            "referenceIncomplete",
            f"The reference audio ends after {seconds:.1f} s, and its file says that it has "
            f"{file.stated_seconds:.1f} s: it may be cut or damaged. Copy or record it again.",
        )
    if seconds < _SHORT_SECONDS or seconds > _LONG_SECONDS:
        which = "Short" if seconds < _SHORT_SECONDS else "Long"
        yield Notice(f"reference{which}", f"The reference audio has {seconds:.1f} s. {BEST}")
    if file.clipped > _CLIPPED_SHARE:
        yield Notice(
            "referenceClipped",
            f"The reference audio is clipped ({file.clipped:.1%} of it); the voice will sound "
            "harsh. Record it again, more quietly.",
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
