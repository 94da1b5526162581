"""Reference audio in: any sound file → mono samples, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import soxr

from sidecar.audio import decode
from sidecar.audio.decode import BEST, AudioFile, Samples
from sidecar.errors import Notice, ReferenceSilent, too_long
from sidecar.limits import MAX_REFERENCE_SECONDS, MAX_UTTERANCE_CHARS
from sidecar.text import tempo

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
# In a window that is so much quieter than the louder ones nobody speaks, dB.
_PAUSE_DB = 25.0


class Recording(msgspec.Struct, frozen=True, eq=False):
    """A reference recording, ready for an encoder.

    Attributes:
        samples: float32 [samples], mono, RATE a second.
        source: sha256 of the file, in hexadecimal.
        text: its transcript; None, never blank, where there is none.
        append_silence: put 0.5 s of silence behind it.
        notices: what is not as it should be, and still can be used.
        field: what it came in as, for errors: `reference.path` or `reference.audio`.
        tempo: letters of the transcript for each second in which somebody speaks, as `tempo`
            counts them; None without a transcript.
    """

    samples: Samples
    source: str
    text: str | None = None
    append_silence: bool = True
    notices: tuple[Notice, ...] = ()
    field: str = "reference.audio"
    tempo: float | None = None


def read(
    path: str | None,
    data: bytes | None,
    text: str | None = None,
    append_silence: bool = True,
    *,
    most_seconds: float = MAX_REFERENCE_SECONDS,
    check: Callable[[], None] = decode.unchecked,
) -> Recording:
    """Read an audio file of any format that `audio_file` knows.

    Args:
        path: a file; used when `data` is None.
        data: a whole file in memory.
        text: what is said in it, if known; also to see whether that can be.
        append_silence: is handed on.
        most_seconds: that it may last.
        check: see `decode.read`.

    Raises:
        BadReferenceAudio: neither given, unreadable, no file, or outside of the limits.
        ReferenceTooShort, ReferenceTooLong, ReferenceSilent
        TextTooLong: the transcript.
    """
    text = (text or "").strip() or None
    if text and len(text) > MAX_UTTERANCE_CHARS:
        raise too_long("reference.text", len(text))
    field = "reference.path" if data is None else "reference.audio"
    file = decode.read(path, data, most_seconds, field, check)
    samples = file.samples
    if file.rate != RATE:
        samples = soxr.resample(samples, file.rate, RATE, quality="VHQ").astype(np.float32)
    level, voiced = _level(samples)
    if level < _SILENT_DB:
        raise ReferenceSilent(
            "The reference audio is silent.",
            hint="Check the microphone; in stereo, check that the channels do not cancel out.",
            field=field,
        )
    notices = tuple(_notices(file, level, text, voiced))
    rate = tempo.rate(text, voiced) if text else None
    return Recording(samples, file.source, text, append_silence, notices, field, rate)


def _level(samples: Samples) -> tuple[float, float]:
    """Return dB of full scale of the louder parts, and how many seconds are about as loud.

    Nineteen of twenty windows are below that level. It is without the offset that a sound card may
    add, which nobody hears.
    """
    size = max(1, int(_WINDOW_SECONDS * RATE))
    heard = samples - samples.mean(dtype=np.float64)
    windows = heard[: len(samples) // size * size].reshape(-1, size)
    powers = np.square(windows).mean(axis=1)
    power = max(np.quantile(powers, 0.95), 1e-20)
    voiced = (powers > power * 10 ** (-_PAUSE_DB / 10)).sum() * _WINDOW_SECONDS
    return float(10 * np.log10(power)), float(voiced)


def _notices(file: AudioFile, level: float, text: str | None, voiced: float) -> Iterator[Notice]:
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
        yield from _transcript_notice(text, seconds, voiced)


def _transcript_notice(text: str, seconds: float, voiced: float) -> Iterator[Notice]:
    fewest, most = tempo.letters(text)
    if fewest > tempo.MOST * seconds:
        what = f"more than can be said in {seconds:.1f} s"
    elif most < tempo.FEWEST * voiced:
        what = f"much less than is said in {voiced:.1f} s of speech"
    else:
        return
    yield Notice(
        "transcriptMismatch",
        f"`reference.text` is {what}. It must be exactly what is said in the recording, or words "
        "may be lost, or speech may not end.",
    )
