"""Reference audio: any sound file → mono samples, and notices about its faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import soxr  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself

from sidecar.audio import decode
from sidecar.audio.decode import BEST, DecodedAudio
from sidecar.audio.pcm import Samples
from sidecar.audio.sources import COMPUTING, open_reference, take_turn
from sidecar.errors import Notice, ReferenceSilent, too_long
from sidecar.limits import MAX_REFERENCE_SECONDS, MAX_UTTERANCE_CHARS
from sidecar.text import tempo

# The sample rate of the speaker encoder and the speech encoder in every Qwen3-TTS.
RATE = 24_000
# A shorter or longer recording works, but gets a notice.
_SHORT_SECONDS, _LONG_SECONDS = 3.0, 30.0
# A recording that is shorter than its header states by more than this gets a notice. The padding
# that an encoder leaves out is less.
_MISSING_SECONDS = 0.1
# Levels of the louder parts, dB of full scale: below the first there is no speech, and below the
# second the noise is not much quieter than the speech.
_SILENT_DB, _QUIET_DB = -60.0, -40.0
_WINDOW_SECONDS = 0.05
# Share of samples on a flat top. Speech that is normalised to full scale has none.
_CLIPPED_SHARE = 0.0005
# A window that is quieter than the louder ones by this is a pause, dB.
_PAUSE_DB = 25.0


class Recording(msgspec.Struct, frozen=True, eq=False):
    """A reference recording, ready for an encoder.

    Attributes:
        samples: float32 [samples], mono, RATE a second.
        source: sha256 of the file, in hexadecimal.
        text: its transcript; None if there is none, never blank.
        append_silence: whether 0.5 s of silence is appended to it.
        notices: faults that do not keep it from being used.
        field: the request's field that it came in, for errors: `reference.path` or
            `reference.audio`.
        tempo: letters of the transcript per second of speech, without pauses, as `tempo` counts
            them; None without a transcript.
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
    max_seconds: float = MAX_REFERENCE_SECONDS,
    check: Callable[[], None] = lambda: None,
) -> Recording:
    """Read a recording in any format that `decode` knows.

    Args:
        path: a path or a `file:` URI; used if `data` is None.
        data: the whole file.
        text: the transcript, if it is known.
        append_silence: is copied into the result.
        max_seconds: the longest recording that is accepted.
        check: is called several times a second while another program decodes the file; an
            exception that it raises ends that program.

    Raises:
        BadReferenceAudio: both are None, or the file cannot be read or is outside the limits.
        ReferenceTooShort, ReferenceTooLong, ReferenceSilent
        TextTooLong: the transcript is too long.
    """
    text = (text or "").strip() or None
    if text and len(text) > MAX_UTTERANCE_CHARS:
        raise too_long("reference.text", len(text))
    with open_reference(path, data, max_seconds, check) as file:
        audio = decode.decode(file)
    with take_turn(COMPUTING, check):
        samples = audio.samples
        if audio.rate != RATE:
            samples = soxr.resample(samples, audio.rate, RATE, quality="VHQ").astype(np.float32)
        level, voiced = _measure_level(samples)
    if level < _SILENT_DB:
        raise ReferenceSilent(
            "The reference audio is silent.",
            hint="Check the microphone; in stereo, check that the channels do not cancel out.",
            field=file.field,
        )
    notices = tuple(_find_notices(audio, level, text, voiced))
    rate = tempo.measure_rate(text, voiced) if text else None
    return Recording(samples, audio.source, text, append_silence, notices, file.field, rate)


def _measure_level(samples: Samples) -> tuple[float, float]:
    """Return the level of the louder parts in dB of full scale, and the seconds of speech.

    Nineteen of twenty windows are below that level. The constant offset that a sound card may add
    is removed first, since it cannot be heard.
    """
    size = max(1, int(_WINDOW_SECONDS * RATE))
    centred = samples - samples.mean(dtype=np.float64)
    windows = centred[: len(samples) // size * size].reshape(-1, size)
    powers = np.square(windows).mean(axis=1)
    power = max(np.quantile(powers, 0.95), 1e-20)
    voiced = (powers > power * 10 ** (-_PAUSE_DB / 10)).sum() * _WINDOW_SECONDS
    return float(10 * np.log10(power)), float(voiced)


def _find_notices(
    audio: DecodedAudio, level: float, text: str | None, voiced: float
) -> Iterator[Notice]:
    seconds = audio.seconds
    if audio.stated_seconds is not None and audio.stated_seconds - seconds > _MISSING_SECONDS:
        yield Notice(
            "referenceIncomplete",
            f"The reference audio ends after {seconds:.1f} s, but its header states "
            f"{audio.stated_seconds:.1f} s: it may be cut or damaged. Copy or record it again.",
        )
    if seconds < _SHORT_SECONDS or seconds > _LONG_SECONDS:
        which = "Short" if seconds < _SHORT_SECONDS else "Long"
        yield Notice(f"reference{which}", f"The reference audio lasts {seconds:.1f} s. {BEST}")
    if audio.clipped > _CLIPPED_SHARE:
        yield Notice(
            "referenceClipped",
            f"The reference audio is clipped ({audio.clipped:.1%} of its samples), so the voice "
            "will sound harsh. Record it again, more quietly.",
        )
    if level < _QUIET_DB:
        yield Notice(
            "referenceQuiet",
            f"The reference audio is very quiet ({level:.0f} dB of full scale), so its noise may "
            "be cloned with the voice. Record it again, closer to the microphone.",
        )
    if text:
        yield from _check_transcript(text, seconds, voiced)


def _check_transcript(text: str, seconds: float, voiced: float) -> Iterator[Notice]:
    fewest, most = tempo.count_letters(text)
    if fewest > tempo.MAX_RATE * seconds:
        what = f"more than can be said in {seconds:.1f} s"
    elif most < tempo.MIN_RATE * voiced:
        what = f"much less than is said in {voiced:.1f} s of speech"
    else:
        return
    yield Notice(
        "transcriptMismatch",
        f"`reference.text` is {what}. It must be the exact transcript of the recording; otherwise "
        "words may be lost, or the speech may not end.",
    )
